import { describe, expect, it } from '@jest/globals';
import { DASHBOARDS } from '../../grafana/src/dashboards/index.js';
import { objectionsTo, type DashboardJson } from '../support/dashboard-lint.js';

const all = Object.entries(DASHBOARDS).map(([name, dashboard]): [string, DashboardJson] => [
  name,
  JSON.parse(JSON.stringify(dashboard)),
]);

describe('the dashboards', () => {
  it.each(all)(
    "%s keeps the rules of Grafana's linter and asks for series that exist",
    (_, dashboard) => {
      expect(objectionsTo(dashboard)).toEqual([]);
    },
  );

  it('have ids of their own', () => {
    const uids = all.map(([, { uid }]) => uid);
    expect(new Set(uids).size).toBe(uids.length);
  });
});

describe('a rule objects', () => {
  const query = (expr: string) => (dashboard: any) => {
    dashboard.panels[1].targets[0].expr = expr;
  };
  const chosen = 'job=~"$job", instance=~"$instance"';
  it.each<[string, (dashboard: any) => void, RegExp]>([
    ['to editing', (d) => (d.editable = true), /edited/],
    ['to a missing choice', (d) => d.templating.list.splice(2, 1), /no variable instance/],
    ['to a choice of one', (d) => (d.templating.list[1].multi = false), /variable job/],
    ['to a fixed data source', (d) => (d.panels[1].datasource.uid = 'prometheus'), /data source/],
    ['to a missing description', (d) => delete d.panels[1].description, /no description/],
    ['to a missing unit', (d) => delete d.panels[1].fieldConfig.defaults.unit, /unit undefined/],
    ['to a made-up unit', (d) => (d.panels[1].fieldConfig.defaults.unit = 'bananas'), /bananas/],
    ['to a panel without query', (d) => (d.panels[1].targets = []), /no query/],
    ['to all jobs', query('nightjar_readers{instance=~"$instance"}'), /any job/],
    ['to all instances', query('nightjar_readers{job=~"$job"}'), /any instance/],
    ['to a bare name', query('nightjar_readers'), /any job/],
    ['to a bare counter', query(`nightjar_jobs_total{${chosen}}`), /as it stands/],
    ['to a fixed interval', query(`rate(nightjar_jobs_total{${chosen}}[5m])`), /over \[5m\]/],
    ['to an unknown series', query(`nightjar_bananas{${chosen}}`), /no series/],
    ['to an unknown label', query(`nightjar_readers{${chosen}, peer="x"}`), /no label peer/],
    ['to an unknown grouping', query(`sum by (peer) (nightjar_readers{${chosen}})`), /no label/],
    ['to a query without series', query('vector(1)'), /no series/],
    ['to two of one id', (d) => (d.panels[1].id = d.panels[2].id), /one id/],
  ])('%s', (_, spoil, objection) => {
    const spoilt = JSON.parse(JSON.stringify(all[0]?.[1]));
    spoil(spoilt);
    expect(objectionsTo(spoilt).join('\n')).toMatch(objection);
  });
});
