import type { Clock } from '@nightjar/common';
import type { EventBus } from '@nightjar/events';

/**
 * Publishes that something of a camera is not as it was, or not as it was declared.
 * @param found `what` it is, and its values
 * @throws NightjarError as {@link EventBus.publish}
 */
export async function publishDrift(
  { bus, clock }: { readonly bus: Pick<EventBus, 'publish'>; readonly clock: Clock },
  camera: string,
  found: { readonly what: string } & Readonly<Record<string, string | null>>,
): Promise<void> {
  await bus.publish(
    {
      type: 'drift',
      state: 'pulse',
      id: undefined,
      stream: undefined,
      at: clock.wallMs(),
      label: found.what,
      data: found,
    },
    { camera, source: 'onvif' },
  );
}
