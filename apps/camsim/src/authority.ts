/** `host:port` as URLs want it: IPv6 addresses in brackets (RFC 3986 s.3.2.2). */
export function authority(host: string, port: number): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}
