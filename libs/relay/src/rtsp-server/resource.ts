import { NightjarError } from '@nightjar/common';

const TRACK_SUFFIX = /\/?trackID=(\d{1,3})(?=$|[/?&])/;

/** What a request URI names: a presentation, and possibly one track of it. */
export interface Resource {
  /** Decoded path without leading and trailing slash. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly track: number | undefined;
  /** Whether it asks for its multicast form, by `?multicast`: a description that names the group, and no other transport. */
  readonly multicastOnly: boolean;
  /** Aggregate URL as the client wrote it, without user info, track and trailing slash: Content-Base and RTP-Info build on it. */
  readonly aggregateUrl: string;
  /** Normal form of path and query, equal for all URLs of one presentation. */
  readonly key: string;
}

/**
 * `a=control` value of a track in our SDP. Behind a query it is absolute: clients that join it to the base by the book
 * (RFC 3986 s.5.2; field: GStreamer) would lose the query and the last part of the path.
 */
export function trackControl(resource: Resource, track: number): string {
  return resource.aggregateUrl.includes('?') ? trackUrl(resource, track) : trackSuffix(track);
}

/** URL of a track, as clients make it of its control. */
export function trackUrl({ aggregateUrl }: Resource, track: number): string {
  const [path = '', ...query] = aggregateUrl.split('?');
  return [`${path.replace(/\/+$/, '')}/${trackSuffix(track)}`, ...query].join('?');
}

function trackSuffix(track: number): string {
  return `trackID=${track}`;
}

/**
 * Reads a request URI. Clients join our track suffix to the base in three ways: after the path, after the query, and
 * with or without a slash (field: ffmpeg, VLC and GStreamer differ), so it is looked for anywhere.
 * @throws NightjarError 'invalid' when the URI is no RTSP URL or badly percent-encoded
 */
export function parseResource(uri: string): Resource {
  let track: number | undefined;
  const aggregate = uri
    .replace(TRACK_SUFFIX, (_, digits: string) => {
      track = Number(digits);
      return '';
    })
    .replace(/\/+$/, '');
  let url: URL;
  let path: string;
  try {
    url = new URL(aggregate);
    path = decodeURIComponent(url.pathname);
  } catch (error) {
    throw new NightjarError(
      'invalid',
      'rtsp/uri',
      'the request URI is not a valid RTSP URL',
      {},
      error,
    );
  }
  if (url.protocol !== 'rtsp:' && url.protocol !== 'rtsps:') {
    throw new NightjarError('invalid', 'rtsp/uri', `the scheme ${url.protocol} is not served here`);
  }
  path = path.replace(/^\/+|\/+$/g, '');
  // The slash of a Content-Base with a query ends up inside the last value.
  const query = new URLSearchParams(url.search.replace(/\/+$/, ''));
  return {
    path,
    query,
    track,
    multicastOnly: query.has('multicast'),
    aggregateUrl: withoutUserInfo(aggregate),
    key: `${path}?${query.toString()}`,
  };
}

function withoutUserInfo(url: string): string {
  return url.replace(/^(rtsps?:\/\/)[^/?#]*@/i, '$1');
}
