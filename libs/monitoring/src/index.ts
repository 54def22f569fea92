export { createLogger, type Logger, type LoggerOptions, type LogMethod } from './logger.js';
export { NestLogger } from './nest-logger.js';
export { redactUrl, scrub } from './scrub.js';
export { methodLabel, metrics, registry, removeCameraSeries } from './metrics.js';
export {
  localSource,
  type MetricJson,
  type OperationsSource,
  type Readiness,
} from './operations-source.js';
export { answerParent, childSource, type ChildReference } from './child-source.js';
export { labelProcess } from './label-process.js';
export { OperationsServer } from './operations-server.js';
