import { printBytes } from '@nightjar/retention';
import { printTable } from '../table.js';
import type { Disturbance } from './disturbances.js';
import type { ConfigurationPlan } from './plan.js';

/** A plan for people. */
export function linesOf(plan: ConfigurationPlan): string[] {
  if (plan.upToDate) return ['what runs is what is declared', ...plan.notes.map(note)];
  const { added, removed, changed } = plan.cameras;
  return [
    ...added.map((camera) => `+ ${camera}`),
    ...removed.map((camera) => `- ${camera}`),
    ...changed.map((change) => `~ ${change.camera}: ${whatOf(change)}`),
    ...plan.users.added.map((user) => `+ user ${user}`),
    ...plan.users.removed.map((user) => `- user ${user}: what they play or publish ends`),
    ...plan.users.changed.map((user) => `~ user ${user}: what they may no longer do ends`),
    ...plan.live.map((key) => `~ ${key}`),
    ...plan.afterRestart.map((key) => `! ${key}: takes effect after a restart`),
    ...plan.disturbed.map((one) => `disturbed: ${one.camera}/${one.stream}: ${cutOf(one)}`),
    ...deletionLines(plan),
    ...plan.notes.map(note),
  ];
}

function whatOf({
  streams,
  record,
  retention,
}: ConfigurationPlan['cameras']['changed'][number]): string {
  const parts = [
    ...streams.added.map((name) => `+ stream ${name}`),
    ...streams.removed.map((name) => `- stream ${name}`),
    ...streams.changed.map((name) => `~ stream ${name}`),
    ...(record ? ['~ record'] : []),
    ...(retention ? ['~ retention'] : []),
  ];
  return parts.length === 0 ? 'what players see and may do' : parts.join(', ');
}

function cutOf({ source, recording, readers }: Disturbance): string {
  const who =
    readers === 1 ? '1 reader loses it' : `${readers ?? 'an unknown number of'} readers lose it`;
  return [
    ...(source ? [who] : []),
    ...(recording === 'ends' ? ['its recording ends'] : []),
    ...(recording === 'begins-anew' ? ['its recording is interrupted, and begins a new run'] : []),
  ].join(', ');
}

function deletionLines({ deletions }: ConfigurationPlan): string[] {
  if (deletions === undefined) return [];
  if (deletions.length === 0) return ['no footage would go because of it'];
  return [
    'footage that would go because of it:',
    ...printTable([
      ['camera', 'volume', 'rule', 'segments', 'bytes'],
      ...deletions.map(({ camera, volume, rule, segments, bytes }) => [
        camera,
        volume,
        rule,
        String(segments),
        printBytes(bytes),
      ]),
    ]),
  ];
}

const note = (text: string): string => `note: ${text}`;
