/** Every query is narrowed to the scraped job and instances that are chosen. */
const CHOSEN = 'job=~"$job", instance=~"$instance"';

/** `metric{job..., instance..., more}`; the name is without `nightjar_`. */
export function series(name: string, more = ''): string {
  return raw(`nightjar_${name}`, more);
}

/** The same of metrics that are not ours by name, as `process_*`. */
export function raw(name: string, more = ''): string {
  return `${name}{${more === '' ? CHOSEN : `${CHOSEN}, ${more}`}}`;
}

/** Rise per second over what a point of the graph stands for. */
export function rate(name: string, more = ''): string {
  return `rate(${series(name, more)}[$__rate_interval])`;
}

/** Rise over the whole range that is shown. */
export function rise(name: string, more = ''): string {
  return `increase(${series(name, more)}[$__range])`;
}

/** A quantile of a histogram, by the labels that stay. */
export function quantile(q: number, name: string, by: readonly string[] = [], more = ''): string {
  return `histogram_quantile(${q}, sum by (${[...by, 'le'].join(', ')}) (${rate(`${name}_bucket`, more)}))`;
}

export function sumBy(labels: string, expression: string): string {
  return labels === '' ? `sum(${expression})` : `sum by (${labels}) (${expression})`;
}

/** The chosen cameras, where a dashboard has that choice. */
export const CAMERA = 'camera=~"$camera"';
