import { RTSP_1_0, RTSP_2_0 } from './message.js';

/** RFC 2326 s.7.1.1 and, above 463, RFC 7826 s.17. */
const REASONS: Readonly<Record<number, string>> = {
  100: 'Continue',
  200: 'OK',
  201: 'Created',
  250: 'Low on Storage Space',
  300: 'Multiple Choices',
  301: 'Moved Permanently',
  302: 'Moved Temporarily',
  303: 'See Other',
  304: 'Not Modified',
  305: 'Use Proxy',
  400: 'Bad Request',
  401: 'Unauthorized',
  402: 'Payment Required',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  406: 'Not Acceptable',
  407: 'Proxy Authentication Required',
  408: 'Request Time-out',
  410: 'Gone',
  411: 'Length Required',
  412: 'Precondition Failed',
  413: 'Request Entity Too Large',
  414: 'Request-URI Too Large',
  415: 'Unsupported Media Type',
  451: 'Parameter Not Understood',
  452: 'Conference Not Found',
  453: 'Not Enough Bandwidth',
  454: 'Session Not Found',
  455: 'Method Not Valid in This State',
  456: 'Header Field Not Valid for Resource',
  457: 'Invalid Range',
  458: 'Parameter Is Read-Only',
  459: 'Aggregate Operation Not Allowed',
  460: 'Only Aggregate Operation Allowed',
  461: 'Unsupported Transport',
  462: 'Destination Unreachable',
  463: 'Key Management Failure',
  464: 'Data Transport Not Ready Yet',
  465: 'Notification Reason Unknown',
  466: 'Key Management Error',
  470: 'Connection Authorization Required',
  471: 'Connection Credentials Not Accepted',
  472: 'Failure to Establish Secure Connection',
  500: 'Internal Server Error',
  501: 'Not Implemented',
  502: 'Bad Gateway',
  503: 'Service Unavailable',
  504: 'Gateway Time-out',
  505: 'RTSP Version Not Supported',
  551: 'Option Not Supported',
};

/** What RTSP 2.0 means by a status that RTSP 1.0 and its extensions use for something else. */
const REASONS_2_0: Readonly<Record<number, string>> = {
  302: 'Found',
  408: 'Request Timeout',
  413: 'Request Message Body Too Large',
  414: 'Request-URI Too Long',
  463: 'Destination Prohibited',
};

/** Reason phrase of a status code, `Unknown` when it has none. */
export function reasonOf(status: number, version: string = RTSP_1_0): string {
  const special = version === RTSP_2_0 ? REASONS_2_0[status] : undefined;
  if (special !== undefined) return special;
  return REASONS[status] ?? 'Unknown';
}
