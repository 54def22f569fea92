import { notSupported } from '../soap/fault.js';
import type { XmlElement } from '../xml/element.js';
import { withAttributes, xml, type XmlNode } from '../xml/print-xml.js';
import { printDateTime } from './arguments.js';
import type { OnvifEvent, SimpleItem } from './pull-points.js';
import {
  declarationOf,
  printTopic,
  subscriptionFault,
  TOPIC_DIALECTS,
  topicFilterOf,
  type TopicFilter,
} from './topics.js';

const MAX_EXPRESSIONS = 8;

/**
 * Which topics a filter of WS-BaseNotification lets pass; all without one.
 * @throws SoapFault for filters of contents, which there are none of
 */
export function topicsWantedBy(filter: XmlElement | undefined): TopicFilter {
  if (filter?.child('MessageContent') !== undefined)
    throw subscriptionFault('InvalidMessageContentExpressionFault', 'messages are not filtered');
  const expressions = filter?.childrenNamed('TopicExpression').map(topicFilterOf) ?? [];
  if (expressions.length > MAX_EXPRESSIONS) throw notSupported('a filter of many expressions');
  return (topic) => expressions.every((wants) => wants(topic));
}

/** What a wsnt:NotificationMessage holds. ONVIF Core s.9.5. */
export function notificationContent(event: OnvifEvent): readonly XmlNode[] {
  const { topic, atMs, operation, source, data } = event;
  const items = (tag: 'tt:Source' | 'tt:Data', list: readonly SimpleItem[]): XmlNode | undefined =>
    list.length === 0
      ? undefined
      : xml(
          tag,
          list.map(({ name, value }) =>
            withAttributes(xml('tt:SimpleItem'), { Name: name, Value: value }),
          ),
        );
  return [
    withAttributes(xml('wsnt:Topic', printTopic(topic)), {
      Dialect: TOPIC_DIALECTS.concrete,
      ...declarationOf(topic),
    }),
    xml(
      'wsnt:Message',
      withAttributes(xml('tt:Message', items('tt:Source', source), items('tt:Data', data)), {
        UtcTime: printDateTime(atMs),
        PropertyOperation: operation,
      }),
    ),
  ];
}
