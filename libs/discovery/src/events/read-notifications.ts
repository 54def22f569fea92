import type { XmlElement } from '@nightjar/onvif';
import { cleanText } from '../untrusted.js';

/** Messages of one answer that are looked at, and items of one message. */
const MAX_MESSAGES = 200;
const MAX_ITEMS = 32;

/** One message of a device. ONVIF Core s.9.4. */
export interface Notification {
  /** Without prefixes, which every device chooses for itself: `RuleEngine/CellMotionDetector/Motion`. */
  readonly topic: string;
  /** `Initialized`: the state as it was when we subscribed. */
  readonly operation: 'Initialized' | 'Changed' | 'Deleted' | undefined;
  /** What it is about, such as a video source or a rule. */
  readonly source: Readonly<Record<string, string>>;
  readonly data: Readonly<Record<string, string>>;
}

/** @param body PullMessagesResponse */
export function readNotifications(body: XmlElement): Notification[] {
  return body
    .childrenNamed('NotificationMessage')
    .slice(0, MAX_MESSAGES)
    .flatMap((one) => readNotification(one) ?? []);
}

function readNotification(element: XmlElement): Notification | undefined {
  const topic = cleanText(element.textAt('Topic'))
    ?.split('/')
    .map((part) => part.slice(part.indexOf(':') + 1))
    .join('/');
  const message = element.at('Message', 'Message') ?? element.child('Message');
  if (topic === undefined || message === undefined) return undefined;
  const operation = message.attributes.get('PropertyOperation');
  return {
    topic,
    operation:
      operation === 'Initialized' || operation === 'Changed' || operation === 'Deleted'
        ? operation
        : undefined,
    source: itemsOf(message.child('Source')),
    data: itemsOf(message.child('Data')),
  };
}

function itemsOf(element: XmlElement | undefined): Record<string, string> {
  const items: Record<string, string> = Object.create(null);
  for (const item of element?.childrenNamed('SimpleItem').slice(0, MAX_ITEMS) ?? []) {
    const name = cleanText(item.attributes.get('Name'), 64);
    const value = cleanText(item.attributes.get('Value'), 128);
    if (name !== undefined && value !== undefined) items[name] = value;
  }
  return items;
}
