/** Whether two endpoint references name one device: some leave `urn:uuid:` out. */
export function sameEndpoint(a: string, b: string): boolean {
  return bare(a) === bare(b);
}

function bare(endpoint: string): string {
  return endpoint
    .trim()
    .toLowerCase()
    .replace(/^(urn:)?(uuid:)?/, '');
}
