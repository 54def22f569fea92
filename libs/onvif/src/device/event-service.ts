import type { Clock } from '@nightjar/common';
import { invalidValue, SoapFault } from '../soap/fault.js';
import { NAMESPACES } from '../xml/namespaces.js';
import { withAttributes, xml, type XmlNode } from '../xml/print-xml.js';
import {
  dateTimeOf,
  durationOf,
  numberAt,
  optional,
  printDateTime,
  required,
} from './arguments.js';
import { notificationContent, topicsWantedBy } from './notification.js';
import { xAddrOf, type Call, type Operation, type Service } from './operation.js';
import type { OnvifEvent, PullPoint, PullPoints } from './pull-points.js';
import { TOPIC_DIALECTS, topicSet, type TopicDescription } from './topics.js';

export interface EventPort<C> {
  topics(): readonly TopicDescription[];
  /** All states as they are, with operation Initialized. */
  current(caller: C): Promise<readonly OnvifEvent[]> | readonly OnvifEvent[];
  /** Whether this caller may know. */
  visible(event: OnvifEvent, caller: C): boolean;
  /** Names the caller; who has the same name may use the same subscriptions. */
  ownerOf(caller: C): string;
  /** The clock of the device, by which its events are dated; subscriptions live by the real one. */
  readonly clock: Pick<Clock, 'wallMs'>;
  /** Where a client finds its subscription; may be wrong on purpose in a simulation. */
  subscriptionAddress?(path: string, origin: string): string;
}

const SERVICE_PATH = 'event_service';
/** Last segment of a subscription's address, behind its service. */
const PULL_PATH = /\/onvif\/event_service\/pull\/([0-9a-f]{32})$/;
const DEFAULT_LIFETIME_MS = 60_000;
const MAX_LIFETIME_MS = 3_600_000;
const MAX_PULL_MS = 300_000;
const MAX_MESSAGES = 100;
const PULL_POINT = `${NAMESPACES.tev}/PullPointSubscription`;
const SUBSCRIPTIONS = 'http://docs.oasis-open.org/wsn/bw-2/SubscriptionManager';

/** Events by pull points; there are no notifications by HTTP. ONVIF Core chapter 9. */
export function eventService<C>(
  port: EventPort<C>,
  points: PullPoints,
  { clock }: { readonly clock: Clock },
): Service<C> {
  const desk = new EventDesk(port, points, clock);
  const capabilities = (): XmlNode =>
    withAttributes(xml('tev:Capabilities'), {
      WSSubscriptionPolicySupport: false,
      WSPausableSubscriptionManagerInterfaceSupport: false,
      MaxNotificationProducers: 0,
      MaxPullPoints: 64,
      PersistentNotificationStorage: false,
    });
  const media = (
    name: string,
    answer: Operation<C>['answer'],
    base = PULL_POINT,
  ): Operation<C> => ({
    access: 'READ_MEDIA',
    action: `${base}/${name}Response`,
    answer,
  });
  return {
    prefix: 'tev',
    path: SERVICE_PATH,
    version: [21, 12],
    capabilities,
    operations: {
      GetServiceCapabilities: {
        access: 'PRE_AUTH',
        action: `${NAMESPACES.tev}/EventPortType/GetServiceCapabilitiesResponse`,
        answer: () => xml('tev:GetServiceCapabilitiesResponse', capabilities()),
      },
      GetEventProperties: media(
        'GetEventProperties',
        () => properties(port.topics()),
        `${NAMESPACES.tev}/EventPortType`,
      ),
      CreatePullPointSubscription: media(
        'CreatePullPointSubscription',
        (call) => desk.create(call),
        `${NAMESPACES.tev}/EventPortType`,
      ),
      PullMessages: media('PullMessages', (call) => desk.pull(call)),
      SetSynchronizationPoint: media('SetSynchronizationPoint', (call) => desk.synchronize(call)),
    },
    foreign: {
      [NAMESPACES.wsnt]: {
        Renew: media('Renew', (call) => desk.renew(call), SUBSCRIPTIONS),
        Unsubscribe: media('Unsubscribe', (call) => desk.unsubscribe(call), SUBSCRIPTIONS),
      },
    },
  };
}

class EventDesk<C> {
  constructor(
    private readonly port: EventPort<C>,
    private readonly points: PullPoints,
    private readonly clock: Clock,
  ) {}

  async create(call: Call<C>): Promise<XmlNode> {
    const { caller, request, origin } = call;
    const { port } = this;
    const wanted = topicsWantedBy(request.child('Filter'));
    const point = this.points.create({
      owner: port.ownerOf(caller),
      lifetimeMs: this.lifetimeOf(optional(request, 'InitialTerminationTime')),
      wants: (event) => wanted(event.topic) && port.visible(event, caller),
    });
    for (const event of await port.current(caller)) point.offer(event);
    const path = `${SERVICE_PATH}/pull/${point.id}`;
    const address = port.subscriptionAddress?.(path, origin) ?? xAddrOf(origin, path);
    return xml(
      'tev:CreatePullPointSubscriptionResponse',
      xml('tev:SubscriptionReference', xml('wsa:Address', address)),
      this.times(point, 'wsnt'),
    );
  }

  async pull(call: Call<C>): Promise<XmlNode> {
    const point = this.pointOf(call);
    const timeout = durationOf(required(call.request, 'Timeout'), 'Timeout');
    const limit = numberAt(call.request, 'MessageLimit') ?? MAX_MESSAGES;
    const events = await point.pull(
      Math.max(1, Math.min(limit, MAX_MESSAGES)),
      Math.max(0, Math.min(timeout, MAX_PULL_MS)),
      call.signal,
    );
    return xml(
      'tev:PullMessagesResponse',
      this.times(point, 'tev'),
      events.map((event) => xml('wsnt:NotificationMessage', notificationContent(event))),
    );
  }

  async synchronize(call: Call<C>): Promise<XmlNode> {
    const point = this.pointOf(call);
    for (const event of await this.port.current(call.caller)) point.offer(event);
    return xml('tev:SetSynchronizationPointResponse');
  }

  renew(call: Call<C>): XmlNode {
    const point = this.pointOf(call);
    point.renew(this.lifetimeOf(required(call.request, 'TerminationTime')));
    const [current, termination] = this.times(point, 'wsnt');
    return xml('wsnt:RenewResponse', termination, current);
  }

  unsubscribe(call: Call<C>): XmlNode {
    this.pointOf(call).end();
    return xml('wsnt:UnsubscribeResponse');
  }

  private pointOf({ path, caller }: Call<C>): PullPoint {
    const id = PULL_PATH.exec(path)?.[1];
    const point = id === undefined ? undefined : this.points.find(id, this.port.ownerOf(caller));
    if (point !== undefined) return point;
    throw new SoapFault('Sender', ['ter:InvalidArgVal'], 'no such subscription');
  }

  /** By the clock of the device, as clients know no other. */
  private times(point: PullPoint, prefix: 'wsnt' | 'tev'): readonly [XmlNode, XmlNode] {
    const nowMs = this.port.clock.wallMs();
    const endsMs = nowMs + point.terminationMs - this.clock.wallMs();
    return [
      xml(`${prefix}:CurrentTime`, printDateTime(nowMs)),
      xml(`${prefix}:TerminationTime`, printDateTime(endsMs)),
    ];
  }

  /** Too long becomes as long as can be: clients ask for what they like, and look at the answer. */
  private lifetimeOf(text: string | undefined): number {
    if (text === undefined) return DEFAULT_LIFETIME_MS;
    const ms = /^-?P/.test(text)
      ? durationOf(text, 'termination time')
      : dateTimeOf(text, 'termination time') - this.port.clock.wallMs();
    if (ms <= 0)
      throw invalidValue(
        'termination time is in the past',
        'ter:UnacceptableInitialTerminationTimeFault',
      );
    return Math.min(ms, MAX_LIFETIME_MS);
  }
}

function properties(topics: readonly TopicDescription[]): XmlNode {
  return xml(
    'tev:GetEventPropertiesResponse',
    xml('tev:TopicNamespaceLocation', 'http://www.onvif.org/onvif/ver10/topics/topicns.xml'),
    xml('wsnt:FixedTopicSet', true),
    topicSet(topics),
    Object.values(TOPIC_DIALECTS).map((dialect) => xml('wsnt:TopicExpressionDialect', dialect)),
    xml('tev:MessageContentFilterDialect', ''),
    xml('tev:MessageContentSchemaLocation', 'http://www.onvif.org/onvif/ver10/schema/onvif.xsd'),
  );
}
