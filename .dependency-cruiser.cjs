// The dependency rules of docs/design/overview.md, checked by `npm run deps`; test/rules/dependencies.spec.ts shows that each one bites.

/** Libraries from the bottom up; one may import those in lines before its own, never its neighbours. */
const LAYERS = [
  ['common'],
  ['rtp'],
  ['rtsp', 'containers', 'onvif'],
  ['onvif-device'],
  ['config', 'monitoring'],
  ['role', 'supervision'],
  ['access', 'catalog', 'jobs', 'data-directory'],
  ['events'],
  ['relay'],
  ['sending'],
  ['recording'],
  ['files', 'playback', 'retention', 'integrity', 'ledger', 'discovery'],
];

/** Sans-I/O: bytes and time go in, events and bytes come out. */
const PURE = ['common', 'rtp', 'rtsp', 'containers', 'onvif'];

/** Each package has few doors; everybody else goes through the library behind one. */
const OWNERS = {
  typeorm: ['libs/catalog'],
  pg: ['libs/catalog', 'libs/jobs', 'apps/bench'],
  bullmq: ['libs/jobs'],
  koffi: ['libs/relay', 'libs/role', 'apps/bench'],
  ws: ['libs/relay'],
  ioredis: ['libs/jobs'],
  'prom-client': ['libs/monitoring'],
  'pino(-pretty)?': ['libs/monitoring'],
  mediabunny: ['libs/containers'],
  'sdp-transform': ['libs/rtsp'],
  sax: ['libs/onvif'],
  yaml: ['libs/config'],
  yazl: ['libs/playback'],
  onvif: ['libs/discovery'],
  luxon: ['libs/config', 'libs/recording/src/demand'],
  zod: ['libs/config', 'libs/jobs', 'libs/events', 'apps/control'],
};

const oneOf = (names) => `(?:${names.join('|')})`;
const nameOf = (pattern) => pattern.replace(/\(.*\)\??/, '');

const layerRules = LAYERS.flatMap((layer, rank) =>
  layer.map((lib) => {
    const above = LAYERS.slice(rank)
      .flat()
      .filter((other) => other !== lib);
    return {
      name: `layer-${lib}`,
      comment: `${lib} imports only libraries below it`,
      severity: 'error',
      from: { path: `^libs/${lib}/` },
      to: { path: `^(?:libs/${oneOf(above)}|apps)/` },
    };
  }),
);

const ownerRules = Object.entries(OWNERS).map(([pkg, owners]) => ({
  name: `only-owner-imports-${nameOf(pkg)}`,
  comment: `${nameOf(pkg)} is imported by ${owners.join(', ')} alone`,
  severity: 'error',
  from: { path: '^(?:apps|libs)/', pathNot: `^${oneOf(owners)}/` },
  to: { path: `(?:^|/)node_modules/${pkg}/` },
}));

module.exports = {
  forbidden: [
    ...layerRules,
    ...ownerRules,
    {
      name: 'known-libraries',
      comment: 'A new library gets its place in LAYERS',
      severity: 'error',
      from: {},
      to: { path: '^libs/', pathNot: `^libs/${oneOf(LAYERS.flat())}/` },
    },
    {
      name: 'public-face-for-libraries',
      comment: 'Other libraries are imported through their src/index.ts',
      severity: 'error',
      from: { path: '^libs/([^/]+)/' },
      to: { path: '^libs/', pathNot: ['^libs/$1/', '^libs/[^/]+/src/index\\.ts$'] },
    },
    {
      name: 'public-face-for-apps',
      comment: 'Applications import libraries through their src/index.ts',
      severity: 'error',
      from: { path: '^apps/' },
      to: { path: '^libs/', pathNot: '^libs/[^/]+/src/index\\.ts$' },
    },
    {
      name: 'apps-stand-alone',
      comment:
        'Applications share code through libraries; but `nightjar serve` is the appliance or a role, and the benchmark reads the stamps of camsim',
      severity: 'error',
      from: { path: '^apps/([^/]+)/', pathNot: '^apps/cli/src/commands/serve\\.ts$' },
      to: {
        path: '^apps/',
        pathNot: ['^apps/$1/', '^apps/camsim/src/frame-stamp\\.ts$'],
      },
    },
    {
      name: 'pure-without-nest',
      comment: 'Protocol libraries know no framework',
      severity: 'error',
      from: { path: `^libs/${oneOf(PURE)}/` },
      to: { path: '(?:^|/)node_modules/@nestjs/' },
    },
    {
      name: 'pure-without-io',
      comment: 'Protocol libraries open no socket, file, process or timer',
      severity: 'error',
      from: { path: `^libs/${oneOf(PURE)}/` },
      to: { dependencyTypes: ['core'], pathNot: '^(?:node:)?(?:crypto|buffer)$' },
    },
    {
      name: 'no-development-packages',
      comment: 'What runs imports what is installed to run',
      severity: 'error',
      from: { path: '^(?:apps|libs)/' },
      to: { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['npm', 'type-only'] },
    },
    {
      name: 'no-cycles',
      comment: 'Modules that need each other are one module',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'resolvable',
      comment: 'An import that leads nowhere is seen by no other rule',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
  ],
  options: {
    // Specs and what they share may reach anywhere.
    exclude: { path: '\\.(?:spec|contract)\\.ts$|/(?:testing|test-support)/' },
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default', 'types'],
    },
  },
};
