import { randomUUID } from 'node:crypto';
import { NightjarError } from '@nightjar/common';
import {
  copyOf,
  NAMESPACES,
  printEnvelope,
  withAttributes,
  xml,
  type XmlElement,
  type XmlNode,
} from '@nightjar/onvif';
import { readNotifications, type Notification } from '../events/read-notifications.js';
import type { DeviceConnection } from './device-connection.js';

/** The device answers within this, if only that nothing happened. */
const PULL_SECONDS = 30;
const PULL_TIMEOUT_MS = (PULL_SECONDS + 15) * 1_000;
/** A device that is away must not hold up our own end. */
const CLOSE_TIMEOUT_MS = 1_500;
const LIFE_SECONDS = 120;
/** Half of its life. */
export const RENEW_AFTER_MS = (LIFE_SECONDS / 2) * 1_000;
const MESSAGES = 100;
const MAX_PARAMETERS = 8;

/** A subscription at a device, whose messages are fetched. ONVIF Core s.9.1. */
export class PullPoint {
  private constructor(
    private readonly connection: DeviceConnection,
    private readonly url: string,
    /** What the device wants to see in the header of every request. WS-Addressing s.2.1. */
    private readonly parameters: readonly XmlNode[],
  ) {}

  /** @param eventService of the device. @throws NightjarError as {@link DeviceConnection.ask} */
  static async open(connection: DeviceConnection, eventService: string): Promise<PullPoint> {
    const request = xml(
      'tev:CreatePullPointSubscription',
      xml('tev:InitialTerminationTime', `PT${LIFE_SECONDS}S`),
    );
    const action = `${NAMESPACES.tev}/EventPortType/CreatePullPointSubscriptionRequest`;
    const { body } = await connection.ask({
      url: eventService,
      action,
      envelope: printEnvelope(request, headers(action, eventService, [])),
    });
    const reference = body.child('SubscriptionReference');
    const address = reference?.textAt('Address');
    if (address === undefined)
      throw new NightjarError(
        'protocol',
        'discovery/subscription',
        'the device names no pull point',
      );
    const parameters = [
      ...(reference?.child('ReferenceParameters')?.children ?? []),
      ...(reference?.child('ReferenceProperties')?.children ?? []),
    ];
    return new PullPoint(
      connection,
      connection.address.http(address),
      parameters
        .slice(0, MAX_PARAMETERS)
        .map((one) => withAttributes(copyOf(one), { 'wsa:IsReferenceParameter': 'true' })),
    );
  }

  /** What happened since the last call; waits up to half a minute for something. */
  async pull(signal: AbortSignal): Promise<Notification[]> {
    const request = xml(
      'tev:PullMessages',
      xml('tev:Timeout', `PT${PULL_SECONDS}S`),
      xml('tev:MessageLimit', MESSAGES),
    );
    const action = `${NAMESPACES.tev}/PullPointSubscription/PullMessagesRequest`;
    return readNotifications(await this.ask(request, action, signal, PULL_TIMEOUT_MS));
  }

  async renew(signal: AbortSignal): Promise<void> {
    const request = xml('wsnt:Renew', xml('wsnt:TerminationTime', `PT${LIFE_SECONDS}S`));
    await this.ask(request, `${SUBSCRIPTION}/RenewRequest`, signal);
  }

  /** Devices have few places. */
  async close(): Promise<void> {
    const action = `${SUBSCRIPTION}/UnsubscribeRequest`;
    await this.ask(xml('wsnt:Unsubscribe'), action, undefined, CLOSE_TIMEOUT_MS);
  }

  private async ask(
    request: XmlNode,
    action: string,
    signal?: AbortSignal,
    timeoutMs?: number,
  ): Promise<XmlElement> {
    const { body } = await this.connection.ask({
      url: this.url,
      action,
      envelope: printEnvelope(request, headers(action, this.url, this.parameters)),
      timeoutMs,
      signal,
    });
    return body;
  }
}

const SUBSCRIPTION = 'http://docs.oasis-open.org/wsn/bw-2/SubscriptionManager';

function headers(action: string, to: string, parameters: readonly XmlNode[]): XmlNode[] {
  return [
    xml('wsa:Action', action),
    xml('wsa:MessageID', `urn:uuid:${randomUUID()}`),
    xml('wsa:To', to),
    ...parameters,
  ];
}
