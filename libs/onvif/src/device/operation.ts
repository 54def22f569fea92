import type { XmlElement } from '../xml/element.js';
import type { NAMESPACES } from '../xml/namespaces.js';
import type { XmlNode } from '../xml/print-xml.js';

/** What an operation asks of who calls it. ONVIF Core s.5.9.4.3. */
export type AccessClass =
  | 'PRE_AUTH'
  | 'READ_SYSTEM'
  | 'READ_SYSTEM_SENSITIVE'
  | 'READ_SYSTEM_SECRET'
  | 'WRITE_SYSTEM'
  | 'UNRECOVERABLE'
  | 'READ_MEDIA'
  | 'ACTUATE';

/** One request of one client. */
export interface Call<C> {
  /** The element of the body. */
  readonly request: XmlElement;
  readonly headers: readonly XmlElement[];
  readonly caller: C;
  /** Scheme, host and port by which the client reached us, such as `http://192.168.1.2:8080`. */
  readonly origin: string;
  /** Path that was asked, without a query. */
  readonly path: string;
  /** Aborted when the client has gone. */
  readonly signal: AbortSignal;
}

export interface Operation<C> {
  readonly access: AccessClass;
  /** URI that the answer carries as its `wsa:Action`, for operations that WS-Addressing takes part in. */
  readonly action?: string;
  /** @throws SoapFault or any NightjarError, which becomes one */
  answer(call: Call<C>): XmlNode | Promise<XmlNode>;
}

/** The WSDL of one service. */
export interface Service<C> {
  readonly prefix: keyof typeof NAMESPACES;
  /** Last segment of its path, such as `media_service`. */
  readonly path: string;
  readonly version: readonly [major: number, minor: number];
  /** Of GetServices with IncludeCapability and of GetServiceCapabilities. */
  capabilities(): XmlNode;
  /** By the name of the request element. Others of the namespace are answered as not supported. */
  readonly operations: Readonly<Record<string, Operation<C>>>;
  /** Operations of other namespaces that this service answers, such as those of WS-BaseNotification. */
  readonly foreign?: Readonly<Record<string, Readonly<Record<string, Operation<C>>>>>;
}

/** URL of a service as this client reaches it. ONVIF Core s.8.1.2.2. */
export function xAddrOf(origin: string, path: string): string {
  return `${origin}/onvif/${path}`;
}
