import { Global, Module } from '@nestjs/common';
import { Catalog } from '@nightjar/catalog';
import { RoleContext } from '@nightjar/role';
import { databaseUrlOf } from './database-url.js';

/** The catalog, for every module of control. */
@Global()
@Module({
  providers: [
    {
      provide: Catalog,
      useFactory: (context: RoleContext) =>
        new Catalog(databaseUrlOf(context), {
          unavailable: (reason) => context.logger.warn({ reason }, 'the database is away'),
        }),
      inject: [RoleContext],
    },
  ],
  exports: [Catalog],
})
export class CatalogModule {}
