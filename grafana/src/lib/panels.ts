import type { Builder } from '@grafana/grafana-foundation-sdk/cog';
import {
  BigValueColorMode,
  BigValueGraphMode,
  BigValueTextMode,
  GraphDrawStyle,
  LegendDisplayMode,
  LegendPlacement,
  ReduceDataOptionsBuilder,
  SortOrder,
  StackingConfigBuilder,
  StackingMode,
  TooltipDisplayMode,
  VisibilityMode,
  VizLegendOptionsBuilder,
  VizTooltipOptionsBuilder,
} from '@grafana/grafana-foundation-sdk/common';
import {
  ThresholdsConfigBuilder,
  ThresholdsMode,
  type Panel,
  type Threshold,
} from '@grafana/grafana-foundation-sdk/dashboard';
import { DataqueryBuilder, PromQueryFormat } from '@grafana/grafana-foundation-sdk/prometheus';
import { PanelBuilder as Stat } from '@grafana/grafana-foundation-sdk/stat';
import { PanelBuilder as Table } from '@grafana/grafana-foundation-sdk/table';
import { PanelBuilder as TimeSeries } from '@grafana/grafana-foundation-sdk/timeseries';

/** The data source that the viewer chose. */
export const DATASOURCE = { type: 'prometheus', uid: '${datasource}' };

export interface Query {
  readonly expr: string;
  /** As Grafana's `{{label}}` template; absent: the series' labels. */
  readonly legend?: string;
}

interface About {
  readonly title: string;
  /** What a reader learns, and what to do about it. */
  readonly description: string;
  /** Grafana's id: `s`, `bytes`, `Bps`, `percentunit`, `short` ... */
  readonly unit: string;
}

export interface GraphOptions extends About {
  readonly queries: readonly Query[];
  readonly stacked?: boolean;
  /** Of 24 columns. */
  readonly width?: number;
  readonly max?: number;
}

/** Lines over time. */
export function graph(options: GraphOptions): Builder<Panel> {
  const panel = new TimeSeries()
    .title(options.title)
    .description(options.description)
    .unit(options.unit)
    .datasource(DATASOURCE)
    .span(options.width ?? 12)
    .height(8)
    .min(0)
    .drawStyle(GraphDrawStyle.Line)
    .lineWidth(1)
    .fillOpacity(options.stacked === true ? 30 : 8)
    .showPoints(VisibilityMode.Never)
    .tooltip(
      new VizTooltipOptionsBuilder().mode(TooltipDisplayMode.Multi).sort(SortOrder.Descending),
    )
    .legend(
      new VizLegendOptionsBuilder()
        .displayMode(LegendDisplayMode.List)
        .placement(LegendPlacement.Bottom)
        .showLegend(true),
    )
    .targets(options.queries.map((query, index) => target(query, index).range()));
  if (options.stacked === true)
    panel.stacking(new StackingConfigBuilder().mode(StackingMode.Normal).group('A'));
  if (options.max !== undefined) panel.max(options.max);
  return panel;
}

export interface FigureOptions extends About {
  readonly query: Query;
  /** Rising; the colour below the first is the first's `below`. */
  readonly colours?: readonly Colour[];
  readonly width?: number;
  /** Shows what the legend says instead of a number, as for versions. */
  readonly name?: boolean;
  /** Shown where there is no series. */
  readonly noValue?: string;
}

/** From `from` on a figure has this colour; null: from the beginning. */
export interface Colour {
  readonly from: number | null;
  readonly colour: 'green' | 'yellow' | 'red' | 'blue';
}

/** Good up to a bound, bad from there on. */
export const badFrom = (bound: number): readonly Colour[] => [
  { from: null, colour: 'green' },
  { from: bound, colour: 'red' },
];
/** Bad below a bound, good from there on. */
export const goodFrom = (bound: number): readonly Colour[] => [
  { from: null, colour: 'red' },
  { from: bound, colour: 'green' },
];

/** One large number. */
export function figure(options: FigureOptions): Builder<Panel> {
  const panel = new Stat()
    .title(options.title)
    .description(options.description)
    .unit(options.unit)
    .datasource(DATASOURCE)
    .span(options.width ?? 4)
    .height(4)
    .graphMode(BigValueGraphMode.None)
    .colorMode(options.colours === undefined ? BigValueColorMode.None : BigValueColorMode.Value)
    .textMode(options.name === true ? BigValueTextMode.Name : BigValueTextMode.Auto)
    .reduceOptions(new ReduceDataOptionsBuilder().calcs(['lastNotNull']).values(false))
    .thresholds(
      new ThresholdsConfigBuilder()
        .mode(ThresholdsMode.Absolute)
        .steps((options.colours ?? [{ from: null, colour: 'blue' }]).map(stepOf)),
    )
    .targets([target(options.query, 0).instant()]);
  if (options.noValue !== undefined) panel.noValue(options.noValue);
  return panel;
}

/** Its type leaves out that the first step has no value. */
function stepOf({ from, colour }: Colour): Threshold {
  return { value: from, color: colour };
}

export interface TableOptions {
  readonly title: string;
  readonly description: string;
  /** Label whose values are the rows. */
  readonly rows: readonly string[];
  readonly columns: readonly (Query & { readonly heading: string; readonly unit: string })[];
  readonly width?: number;
  readonly height?: number;
}

/** One row per value of labels, one column per query. */
export function table(options: TableOptions): Builder<Panel> {
  const columns = options.columns.map((column, index) => ({ ...column, id: refId(index) }));
  const headings = Object.fromEntries(
    columns.map(({ heading, id }) => [columns.length === 1 ? 'Value' : `Value #${id}`, heading]),
  );
  const panel = new Table()
    .title(options.title)
    .description(options.description)
    .unit('short')
    .datasource(DATASOURCE)
    .span(options.width ?? 24)
    .height(options.height ?? 9)
    .targets(
      columns.map((column, index) => target(column, index).format(PromQueryFormat.Table).instant()),
    )
    .transformations([
      { id: 'merge', options: {} },
      {
        id: 'organize',
        options: {
          excludeByName: { Time: true },
          indexByName: Object.fromEntries(options.rows.map((label, at) => [label, at])),
          renameByName: headings,
        },
      },
    ]);
  for (const { heading, unit } of columns)
    panel.overrideByName(heading, [{ id: 'unit', value: unit }]);
  return panel;
}

function target({ expr, legend }: Query, index: number): DataqueryBuilder {
  const query = new DataqueryBuilder().refId(refId(index)).expr(expr).datasource(DATASOURCE);
  return legend === undefined ? query : query.legendFormat(legend);
}

const refId = (index: number): string => String.fromCodePoint(65 + index);
