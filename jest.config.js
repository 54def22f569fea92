/** Runs TypeScript as ES modules; needs NODE_OPTIONS=--experimental-vm-modules, which `npm test` sets. */
const shared = {
  testEnvironment: 'node',
  extensionsToTreatAsEsm: ['.ts'],
  moduleNameMapper: {
    '^@nightjar/([^/]+)$': '<rootDir>/libs/$1/src/index.ts',
    '^(\\.{1,2}/.*)\\.js$': '$1',
  },
  transform: {
    '^.+\\.ts$': [
      'ts-jest',
      { useESM: true, tsconfig: '<rootDir>/tsconfig.json', diagnostics: false },
    ],
  },
};

export default {
  // Real processes on two busy cores: a test that hangs is found, one that waits for its turn is not.
  testTimeout: 30_000,
  // Node 20 keeps the modules of every spec that was run; collecting garbage among them soon costs more than the specs.
  workerIdleMemoryLimit: '500MB',
  projects: [
    {
      ...shared,
      displayName: 'unit',
      testMatch: ['<rootDir>/{apps,libs}/**/*.spec.ts', '<rootDir>/test/rules/**/*.spec.ts'],
    },
    {
      ...shared,
      displayName: 'integration',
      testMatch: ['<rootDir>/test/integration/**/*.spec.ts'],
    },
    // Needs Helm: `npm run chart`.
    { ...shared, displayName: 'chart', testMatch: ['<rootDir>/test/chart/**/*.spec.ts'] },
    { ...shared, displayName: 'e2e', testMatch: ['<rootDir>/test/e2e/**/*.spec.ts'] },
  ],
};
