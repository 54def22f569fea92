import { Module, type DynamicModule } from '@nestjs/common';
import { RoleContext } from './role-context.js';

/** Gives {@link RoleContext} to every module of a role. */
@Module({})
export class RoleModule {
  static with(context: RoleContext): DynamicModule {
    return {
      module: RoleModule,
      global: true,
      providers: [{ provide: RoleContext, useValue: context }],
      exports: [RoleContext],
    };
  }
}
