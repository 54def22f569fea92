import { localSource, metrics as ours, registry } from '@nightjar/monitoring';

/** The part of Grafana's dashboard JSON that the rules look at. */
export interface DashboardJson {
  readonly uid: string;
  readonly editable: boolean;
  readonly templating: { readonly list: readonly Variable[] };
  readonly panels: readonly PanelJson[];
}

interface Variable {
  readonly name: string;
  readonly type: string;
  readonly label?: string;
  readonly query?: unknown;
  readonly multi?: boolean;
  readonly includeAll?: boolean;
  readonly allValue?: string;
  readonly refresh?: number;
  readonly datasource?: { readonly uid?: string };
}

interface PanelJson {
  readonly id: number;
  readonly type: string;
  readonly title?: string;
  readonly description?: string;
  readonly datasource?: { readonly uid?: string };
  readonly fieldConfig?: { readonly defaults: { readonly unit?: string } };
  readonly targets?: readonly { readonly expr: string }[];
}

const DATASOURCE = '${datasource}';
/** Those of Grafana's units that we use. */
const UNITS = new Set('short s bytes Bps bps pps ops reqps percentunit bool_yes_no'.split(' '));
/** What Prometheus, the operations server and histograms add to the labels of a metric. */
const ADDED_LABELS = ['job', 'instance', 'role', 'shard', 'le'];
const SELECTOR = /\b((?:nightjar|process|nodejs)_\w+)(?:\{([^}]*)\})?(\[[^\]]*\])?/g;
const MATCHER = /(\w+)\s*(?:=~|!~|!=|=)/g;
const GROUPING = /\b(?:by|on|without|ignoring)\s*\(([^)]*)\)/g;

/** Labels by name of the series, as they are scraped: a histogram is three. */
function seriesLabels(): ReadonlyMap<string, ReadonlySet<string>> {
  localSource('media', () => ({ ready: true, reasons: [] }));
  // Being looked at declares them.
  void ours;
  const all = registry.getMetricsAsArray() as unknown as {
    name: string;
    type: string;
    labelNames: string[];
  }[];
  return new Map(
    all.flatMap(({ name, type, labelNames }) => {
      const labels = new Set([...labelNames, ...ADDED_LABELS]);
      const parts = type === 'histogram' ? ['_bucket', '_sum', '_count'] : [''];
      return parts.map((part): [string, Set<string>] => [name + part, labels]);
    }),
  );
}

const KNOWN = seriesLabels();

/** What the rules of Grafana's dashboard linter object to, and queries for series that we do not have. */
export function objectionsTo(dashboard: DashboardJson): string[] {
  const panels = dashboard.panels.filter(({ type }) => type !== 'row');
  const ids = dashboard.panels.map(({ id }) => id);
  return [
    ...(dashboard.editable ? ['can be edited in the browser'] : []),
    ...(new Set(ids).size === ids.length ? [] : ['two panels have one id']),
    ...variableObjections(dashboard.templating.list),
    ...panels.flatMap((panel) =>
      panelObjections(panel).map((objection) => `panel '${panel.title}': ${objection}`),
    ),
  ];
}

function variableObjections(variables: readonly Variable[]): string[] {
  const [first] = variables;
  const datasource =
    first?.name === 'datasource' && first.type === 'datasource' && first.query === 'prometheus'
      ? []
      : ['the first variable is not the data source'];
  const missing = ['job', 'instance'].filter((name) => !variables.some((one) => one.name === name));
  const wrong = variables.slice(1).flatMap((variable) => {
    const { name, type, label, multi, includeAll, allValue, refresh, query } = variable;
    const right =
      type === 'query' &&
      label !== undefined &&
      multi === true &&
      includeAll === true &&
      allValue === '.+' &&
      // 2: when the time range changes.
      refresh === 2 &&
      variable.datasource?.uid === DATASOURCE &&
      /^label_values\(\w+(\{[^}]*\})?, \w+\)$/.test(String(query));
    return right ? [] : [`variable ${name} is not set up as the others`];
  });
  return [...datasource, ...missing.map((name) => `no variable ${name}`), ...wrong];
}

function panelObjections({
  title,
  description,
  datasource,
  fieldConfig,
  targets,
}: PanelJson): string[] {
  const unit = fieldConfig?.defaults.unit;
  return [
    ...(title ? [] : ['no title']),
    ...(description ? [] : ['no description']),
    ...(datasource?.uid === DATASOURCE ? [] : ['not the chosen data source']),
    ...(unit !== undefined && UNITS.has(unit) ? [] : [`unit ${unit}`]),
    ...(targets !== undefined && targets.length > 0 ? [] : ['no query']),
    ...(targets ?? []).flatMap(({ expr }) => queryObjections(expr)),
  ];
}

/** Exported for rules and alerts, which narrow nothing to a choice of the viewer. */
export function unknownSeries(expr: string): string[] {
  const selectors = [...expr.matchAll(SELECTOR)];
  const groups = [...expr.matchAll(GROUPING)].flatMap(([, labels = '']) =>
    labels.split(',').map((label) => label.trim()),
  );
  const union = new Set(selectors.flatMap(([, name = '']) => [...(KNOWN.get(name) ?? [])]));
  return [
    ...(selectors.length === 0 ? ['no series in it'] : []),
    ...selectors.flatMap(([, name = '', matchers = '']) => {
      const labels = KNOWN.get(name);
      if (labels === undefined) return [`no series ${name}`];
      const used = [...matchers.matchAll(MATCHER)].map(([, label = '']) => label);
      return used
        .filter((label) => !labels.has(label))
        .map((label) => `${name} has no label ${label}`);
    }),
    ...groups.filter((label) => label !== '' && !union.has(label)).map((l) => `no label ${l}`),
  ];
}

function queryObjections(expr: string): string[] {
  const selectors = [...expr.matchAll(SELECTOR)];
  const narrow = selectors.flatMap(([, name = '', matchers = '', range]) => {
    const before = expr.slice(0, expr.indexOf(`${name}{${matchers}}${range ?? ''}`));
    const rising = /_(?:total|count|sum|bucket)$/.test(name);
    return [
      ...(matchers.includes('job=~"$job"') ? [] : [`${name} of any job`]),
      ...(matchers.includes('instance=~"$instance"') ? [] : [`${name} of any instance`]),
      ...(!rising || /\b(?:rate|increase)\($/.test(before) ? [] : [`${name} as it stands`]),
      ...(range === undefined || rangeFits(before, range) ? [] : [`${name} over ${range}`]),
    ];
  });
  return [...unknownSeries(expr), ...narrow].map((objection) => `${objection} in ${expr}`);
}

/** A rate is that of a point of the graph; what rose is that of all that is shown. */
function rangeFits(before: string, range: string): boolean {
  if (before.endsWith('rate(')) return range === '[$__rate_interval]';
  return range === '[$__range]' && /\b(?:increase|changes)\($/.test(before);
}
