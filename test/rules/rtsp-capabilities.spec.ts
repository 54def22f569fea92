import { describe, expect, it } from '@jest/globals';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';

const PAGE = path.resolve(import.meta.dirname, '..', '..', 'docs', 'ref', 'rtsp.md');
const CAPABILITY = 'capability';
const NOTHING = '-';
const LINK = /\[((?:[^\]\\]|\\.)+)\]\(([^)]+)\)/g;

interface Cell {
  readonly capability: string;
  readonly column: string;
  readonly text: string;
}

/** The cells of all tables of the page but those that name the capability; each table names its columns. */
function cellsOf(page: string): Cell[] {
  let columns: readonly string[] = [];
  return page.split('\n').flatMap((line) => {
    if (!line.startsWith('|') || /^\|[\s|:-]+$/.test(line)) return [];
    const [capability = '', ...cells] = line
      .slice(1, line.lastIndexOf('|'))
      .split(/(?<!\\)\|/)
      .map((text) => text.trim());
    if (capability === CAPABILITY) {
      columns = cells;
      return [];
    }
    return columns.map((column, at) => ({ capability, column, text: cells[at] ?? '' }));
  });
}

/** What is wrong with a cell: it links tests that exist, by their titles, or says that there is none. */
function objections({ capability, column, text }: Cell): string[] {
  const where = `${capability}, ${column}`;
  if (text === NOTHING) return [];
  const links = [...text.matchAll(LINK)];
  if (links.length === 0) return [`${where}: no test is linked`];
  return links.flatMap(([, title = '', target = '']) => {
    const file = path.resolve(path.dirname(PAGE), target);
    if (!existsSync(file)) return [`${where}: ${target} does not exist`];
    const wanted = title.replaceAll('\\', '');
    const source = readFileSync(file, 'utf8').replaceAll("\\'", "'");
    return source.includes(wanted) ? [] : [`${where}: no test '${wanted}' in ${target}`];
  });
}

describe('the table of what RTSP can do', () => {
  const cells = cellsOf(readFileSync(PAGE, 'utf8'));

  it('names tests that exist', () => {
    expect(cells.flatMap(objections)).toEqual([]);
  });

  it('has at least one test for each capability', () => {
    const tested = new Set(cells.filter(({ text }) => text !== NOTHING).map((c) => c.capability));
    expect(cells.map((cell) => cell.capability).filter((name) => !tested.has(name))).toEqual([]);
  });

  it('would object to a test that is not there', () => {
    const row = (link: string): string => `| capability | bad input |\n| x | ${link} |`;
    const wrong = [row('[no such title](../../test/rules/dependencies.spec.ts)')];
    wrong.push(row('[names tests](../../test/rules/gone.spec.ts)'), row('by hand'));
    expect(wrong.map((line) => cellsOf(line).flatMap(objections).length)).toEqual([1, 1, 1]);
  });
});

describe('the tables of the quirks of cameras', () => {
  const page = path.join(path.dirname(PAGE), 'quirks.md');
  const links = [...readFileSync(page, 'utf8').matchAll(LINK)];

  it('name fixtures that exist', () => {
    const missing = links.filter(([, name = '', target = '']) => {
      const spec = readFileSync(path.resolve(path.dirname(page), target), 'utf8');
      return !new RegExp(`^ +'?${name}'?: `, 'm').test(spec);
    });
    expect(missing.map(([link]) => link)).toEqual([]);
    expect(links.length).toBeGreaterThan(100);
  });
});
