/** An instruction of a Dockerfile, its continued lines joined. */
interface Instruction {
  readonly line: number;
  readonly keyword: string;
  readonly value: string;
}

/** Reads the instructions of a Dockerfile; comments and blank lines may stand between continued lines. */
function parseDockerfile(text: string): Instruction[] {
  const found: Instruction[] = [];
  let open: { line: number; text: string } | undefined;
  for (const [index, raw] of text.split('\n').entries()) {
    const line = raw.trim();
    if (line === '' || line.startsWith('#')) continue;
    open ??= { line: index + 1, text: '' };
    open.text += ` ${line.replace(/\\$/, '')}`;
    if (line.endsWith('\\')) continue;
    const [keyword = '', ...rest] = open.text.trim().split(/\s+/);
    found.push({ line: open.line, keyword: keyword.toUpperCase(), value: rest.join(' ') });
    open = undefined;
  }
  return found;
}

const COMPILERS = /\b(?:build-essential|gcc|g\+\+|make|python3?|git|curl|wget|sudo|node-gyp)\b/;
const SECRET_NAME = /(?:password|secret|token|key)\w*=/i;

type Rule = (instruction: Instruction, context: Context) => string | undefined;

interface Context {
  readonly args: ReadonlyMap<string, string>;
  /** Names of earlier stages. */
  readonly stages: readonly string[];
  readonly inLastStage: boolean;
}

const RULES: Readonly<Record<string, readonly Rule[]>> = {
  FROM: [
    ({ value }, { args, stages }) => {
      const named = value.replace(/--\S+\s+/, '').split(' ')[0] ?? '';
      const image = named.replace(/\$\{(\w+)\}/, (_, name: string) => args.get(name) ?? '');
      if (stages.includes(image)) return undefined;
      return /:\d+\.\d+\.\d+|@sha256:/.test(image)
        ? undefined
        : `${image || named} has no exact version`;
    },
  ],
  ADD: [() => 'COPY says what it does'],
  MAINTAINER: [() => 'is deprecated'],
  ENV: [({ value }) => (SECRET_NAME.test(value) ? 'looks like a secret' : undefined)],
  ARG: [({ value }) => (SECRET_NAME.test(value) ? 'looks like a secret' : undefined)],
  WORKDIR: [({ value }) => (value.startsWith('/') ? undefined : 'is not absolute')],
  ENTRYPOINT: [
    ({ value }) => (value.startsWith('[') ? undefined : 'a shell would get the signals'),
  ],
  CMD: [({ value }) => (value.startsWith('[') ? undefined : 'a shell would get the signals')],
  HEALTHCHECK: [({ value }) => (/CMD \[/.test(value) ? undefined : 'is not in exec form')],
  RUN: [
    ({ value }) => (/\bsudo\b/.test(value) ? 'needs no sudo' : undefined),
    ({ value }) =>
      /\bcd\b/.test(value) && !value.includes('&&') ? 'WORKDIR instead of cd' : undefined,
    ({ value }) =>
      /(?:curl|wget)\b.*\|/.test(value) ? 'runs what it downloads unseen' : undefined,
    ({ value }) =>
      /\bnpm (?:install|i)\b/.test(value) ? 'npm ci keeps to the lock file' : undefined,
    ({ value }, { inLastStage }) =>
      inLastStage && /\bnpm (?:ci|run)\b/.test(value) ? 'builds in the last stage' : undefined,
    ({ value }) =>
      value.includes('apt-get install') && !/install -y --no-install-recommends/.test(value)
        ? 'apt-get install wants -y --no-install-recommends'
        : undefined,
    ({ value }) =>
      value.includes('apt-get install') &&
      !(value.includes('apt-get update') && value.includes('rm -rf /var/lib/apt/lists/*'))
        ? 'updates and removes the lists of apt in one layer'
        : undefined,
    ({ value }, { inLastStage }) => {
      const installed = /apt-get install ([^&]*)/.exec(value)?.[1] ?? '';
      const tool = COMPILERS.exec(installed)?.[0];
      return inLastStage && tool !== undefined ? `leaves ${tool} in the image` : undefined;
    },
  ],
};

/** What is wrong with a Dockerfile, in words: rules of hadolint and of ours for an image that runs without root. */
export function complaintsAbout(text: string): string[] {
  const instructions = parseDockerfile(text);
  const lastFrom = instructions.findLastIndex(({ keyword }) => keyword === 'FROM');
  const args = new Map<string, string>();
  const stages: string[] = [];
  const complaints = instructions.flatMap((instruction, index) => {
    const { keyword, value, line } = instruction;
    const context = { args, stages, inLastStage: index >= lastFrom };
    const said = (RULES[keyword] ?? []).flatMap((rule) => rule(instruction, context) ?? []);
    if (keyword === 'ARG') {
      const [name = '', preset = ''] = value.split('=');
      args.set(name, preset);
    }
    const stage = keyword === 'FROM' ? / AS (\S+)$/i.exec(value)?.[1] : undefined;
    if (stage !== undefined) stages.push(stage);
    return said.map((what) => `line ${line}: ${keyword} ${what}`);
  });
  return [...complaints, ...complaintsAboutLastStage(instructions.slice(lastFrom))];
}

function complaintsAboutLastStage(stage: readonly Instruction[]): string[] {
  const last = (keyword: string): number =>
    stage.findLastIndex((instruction) => instruction.keyword === keyword);
  const user = stage[last('USER')]?.value ?? '';
  const entrypoint = stage[last('ENTRYPOINT')]?.value ?? '';
  return [
    ...(/^[1-9]\d*:[1-9]\d*$/.test(user)
      ? []
      : ['the last stage has no USER other than root, as a number']),
    ...(last('RUN') > last('USER') ? ['RUN after USER'] : []),
    ...(last('HEALTHCHECK') === -1 ? ['there is no HEALTHCHECK'] : []),
    ...(/"tini"/.test(entrypoint) ? [] : ['nothing reaps children: ENTRYPOINT begins with tini']),
  ];
}

/** Files that the instructions copy from the build context. */
export function copiedFrom(text: string): string[] {
  return parseDockerfile(text)
    .filter(({ keyword, value }) => keyword === 'COPY' && !value.includes('--from='))
    .flatMap(({ value }) => value.split(' ').slice(0, -1));
}

/** Ports that the image says it listens on. */
export function exposedPorts(text: string): number[] {
  return parseDockerfile(text)
    .filter(({ keyword }) => keyword === 'EXPOSE')
    .flatMap(({ value }) => value.split(' ').map((port) => Number.parseInt(port, 10)));
}
