import type { Builder } from '@grafana/grafana-foundation-sdk/cog';
import {
  DashboardBuilder,
  DashboardCursorSync,
  DashboardLinkBuilder,
  DashboardLinkType,
  DatasourceVariableBuilder,
  QueryVariableBuilder,
  RowBuilder,
  VariableRefresh,
  VariableSort,
  type Dashboard,
  type Panel,
} from '@grafana/grafana-foundation-sdk/dashboard';
import { DATASOURCE } from './panels.js';

const TAG = 'nightjar';
/** What has at least one series of each of the others. */
const EVERY_PROCESS = 'nightjar_build_info';
const CHOSEN_JOB = 'job=~"$job"';

export interface Row {
  readonly title: string;
  readonly panels: readonly Builder<Panel>[];
}

export interface DashboardOptions {
  /** Stable: bookmarks and links name it. */
  readonly uid: string;
  readonly title: string;
  readonly description: string;
  /** Choices beside data source, job and instance: label and the metric whose values there are. */
  readonly choices?: readonly { readonly label: string; readonly metric: string }[];
  readonly rows: readonly Row[];
}

/** A dashboard of ours: the common choices, links to the others that keep time and choices, rows of panels. */
export function dashboard({
  uid,
  title,
  description,
  choices = [],
  rows,
}: DashboardOptions): Dashboard {
  const builder = new DashboardBuilder(`Nightjar / ${title}`)
    .uid(uid)
    .description(description)
    .tags([TAG])
    .readonly()
    .tooltip(DashboardCursorSync.Crosshair)
    .time({ from: 'now-6h', to: 'now' })
    .refresh('30s')
    .timezone('browser')
    .link(
      new DashboardLinkBuilder('Nightjar')
        .type(DashboardLinkType.Dashboards)
        .tags([TAG])
        .includeVars(true)
        .keepTime(true),
    )
    .withVariable(
      new DatasourceVariableBuilder('datasource').label('Data source').type('prometheus'),
    )
    .withVariable(choice('job', 'Job', `label_values(${EVERY_PROCESS}, job)`))
    .withVariable(
      choice('instance', 'Instance', `label_values(${EVERY_PROCESS}{${CHOSEN_JOB}}, instance)`),
    );
  for (const { label, metric } of choices)
    builder.withVariable(
      choice(
        label,
        `${label.slice(0, 1).toUpperCase()}${label.slice(1)}`,
        `label_values(${metric}{${CHOSEN_JOB}}, ${label})`,
      ),
    );
  for (const row of rows) {
    builder.withRow(new RowBuilder(row.title));
    for (const panel of row.panels) builder.withPanel(panel);
  }
  const built = builder.build();
  // Links to a panel name it by this number, rows included.
  for (const [index, panel] of (built.panels ?? []).entries()) panel.id = index + 1;
  return built;
}

function choice(name: string, label: string, query: string): QueryVariableBuilder {
  return new QueryVariableBuilder(name)
    .label(label)
    .query(query)
    .definition(query)
    .datasource(DATASOURCE)
    .refresh(VariableRefresh.OnTimeRangeChanged)
    .sort(VariableSort.AlphabeticalAsc)
    .multi(true)
    .includeAll(true)
    .allValue('.+')
    .current({ selected: true, text: 'All', value: '$__all' });
}
