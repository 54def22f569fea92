import { SoapFault } from '../soap/fault.js';
import { NAMESPACES } from '../xml/namespaces.js';
import type { XmlElement } from '../xml/element.js';
import { withAttributes, xml, type XmlNode } from '../xml/print-xml.js';
import { printDateTime } from './arguments.js';

/** A topic: names from its root on, of which the first has a namespace. WS-Topics s.6. */
export interface Topic {
  readonly namespace: string;
  readonly path: readonly string[];
}

/** A topic of ONVIF, such as `VideoSource/MotionAlarm`. */
export function onvifTopic(path: string): Topic {
  return { namespace: NAMESPACES.tns1, path: path.split('/') };
}

export const TOPIC_DIALECTS = {
  concrete: 'http://docs.oasis-open.org/wsn/t-1/TopicExpression/Concrete',
  concreteSet: 'http://www.onvif.org/ver10/tev/topicExpression/ConcreteSet',
} as const;

const MAX_ALTERNATIVES = 64;

/** Whether a subscription wants a topic. */
export type TopicFilter = (topic: Topic) => boolean;

/**
 * Reads a topic expression: concrete topics, in ConcreteSet several of them with `|`, each with all below it by `//.`.
 * ONVIF Core s.9.6.3.
 * @throws SoapFault
 */
export function topicFilterOf(expression: XmlElement): TopicFilter {
  const dialect = expression.attributes.get('Dialect') ?? TOPIC_DIALECTS.concrete;
  const known = Object.values<string>(TOPIC_DIALECTS);
  if (!known.includes(dialect))
    throw subscriptionFault('TopicExpressionDialectUnknownFault', dialect);
  const alternatives = expression.text.split('|');
  if (alternatives.length > MAX_ALTERNATIVES)
    throw subscriptionFault('InvalidTopicExpressionFault', 'too many topics');
  const filters = alternatives.map((one) => alternativeOf(one.trim(), expression));
  return (topic) => filters.some((filter) => filter(topic));
}

function alternativeOf(text: string, scope: XmlElement): TopicFilter {
  const below = text.endsWith('//.');
  const [first = '', ...rest] = (below ? text.slice(0, -3) : text).split('/');
  const root = scope.qname(first);
  const names = [root?.name ?? '', ...rest.map((name) => name.replace(/^[^:]*:/, ''))];
  if (root === undefined || names.some((name) => !/^[\p{L}_][\p{L}\p{N}_.-]*$/u.test(name)))
    throw subscriptionFault('InvalidTopicExpressionFault', `${text} is no topic`);
  return ({ namespace, path }) =>
    namespace === root.namespace &&
    (below ? path.length >= names.length : path.length === names.length) &&
    names.every((name, index) => path[index] === name);
}

/** A fault of WS-BaseNotification. ONVIF Core s.9.8. */
export function subscriptionFault(name: string, reason: string): SoapFault {
  const detail = xml(`wsnt:${name}`, xml('wsrfbf:Timestamp', printDateTime(Date.now())));
  return new SoapFault('Sender', ['ter:InvalidArgVal', 'ter:InvalidFilterFault'], reason, detail);
}

/** Writes a topic with the prefix that {@link declarationOf} declares. */
export function printTopic({ path }: Topic): string {
  return `t:${path.join('/')}`;
}

export function declarationOf({ namespace }: Topic): Readonly<Record<string, string>> {
  return { 'xmlns:t': namespace };
}

/** What a topic's messages carry. */
export interface TopicDescription {
  readonly topic: Topic;
  /** Whether its messages tell of a state. */
  readonly property: boolean;
  readonly source: readonly ItemDescription[];
  readonly data: readonly ItemDescription[];
}

export interface ItemDescription {
  readonly name: string;
  readonly type: `xs:${string}` | `tt:${string}`;
}

interface Branch {
  readonly branches: Map<string, Branch>;
  description?: TopicDescription;
}

/** The tree of all topics. WS-Topics s.4. */
export function topicSet(descriptions: readonly TopicDescription[]): XmlNode {
  const roots = new Map<string, Branch & { namespace: string }>();
  for (const description of descriptions) {
    const { namespace, path } = description.topic;
    const [first = '', ...rest] = path;
    const key = `${namespace} ${first}`;
    const root = roots.get(key) ?? { namespace, branches: new Map<string, Branch>() };
    roots.set(key, root);
    let at: Branch = root;
    for (const name of rest) {
      const next: Branch = at.branches.get(name) ?? { branches: new Map() };
      at.branches.set(name, next);
      at = next;
    }
    at.description = description;
  }
  const nodes = [...roots].map(([key, branch]): XmlNode => ({
    ...branchNode(`t:${key.slice(key.indexOf(' ') + 1)}`, branch),
    attributes: { ...attributesOf(branch), 'xmlns:t': branch.namespace },
  }));
  return { ...xml('wstop:TopicSet', nodes), uses: ['xs', 'tt'] };
}

function branchNode(tag: string, branch: Branch): XmlNode {
  const children = [...branch.branches].map(([name, below]) => branchNode(name, below));
  const description = branch.description && descriptionNode(branch.description);
  return {
    tag: tag as XmlNode['tag'],
    attributes: attributesOf(branch),
    children: description ? [description, ...children] : children,
    uses: ['wstop'],
  };
}

function attributesOf({ description }: Branch): Record<string, string> {
  return description === undefined ? {} : { 'wstop:topic': 'true' };
}

function descriptionNode({ property, source, data }: TopicDescription): XmlNode {
  const items = (tag: 'tt:Source' | 'tt:Data', list: readonly ItemDescription[]): XmlNode =>
    xml(
      tag,
      list.map(({ name, type }) =>
        withAttributes(xml('tt:SimpleItemDescription'), { Name: name, Type: type }),
      ),
    );
  return withAttributes(
    xml(
      'tt:MessageDescription',
      source.length > 0 ? items('tt:Source', source) : undefined,
      data.length > 0 ? items('tt:Data', data) : undefined,
    ),
    { IsProperty: property },
  );
}
