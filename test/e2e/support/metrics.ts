type Labels = Readonly<Record<string, string>>;

interface Sample {
  readonly name: string;
  readonly labels: Labels;
  readonly value: number;
}

const LINE = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)$/;
const LABEL = /(\w+)="((?:[^"\\]|\\.)*)"/g;

/** One scrape of `/metrics`. */
export class Metrics {
  private constructor(
    readonly samples: readonly Sample[],
    /** The page as it was served. */
    readonly text: string,
  ) {}

  static async scrape(operationsUrl: string): Promise<Metrics> {
    const response = await fetch(`${operationsUrl}/metrics`);
    if (!response.ok) throw new Error(`/metrics answered ${response.status}`);
    const text = await response.text();
    return new Metrics(text.split('\n').flatMap(parseLine), text);
  }

  /** Sum over all series of this name that have these labels; 0 when there is none. */
  sum(name: string, labels: Labels = {}): number {
    return this.of(name, labels).reduce((sum, { value }) => sum + value, 0);
  }

  /** How many series of this name there are. */
  count(name: string): number {
    return this.of(name, {}).length;
  }

  private of(name: string, labels: Labels): Sample[] {
    const wanted = Object.entries(labels);
    return this.samples.filter(
      (sample) =>
        sample.name === name && wanted.every(([key, value]) => sample.labels[key] === value),
    );
  }
}

function parseLine(line: string): Sample[] {
  const match = LINE.exec(line);
  if (match === null) return [];
  const [, name = '', labels = '', value] = match;
  return [
    {
      name,
      labels: Object.fromEntries([...labels.matchAll(LABEL)].map(([, key, text]) => [key, text])),
      value: Number(value),
    },
  ];
}
