import { Global, Module } from '@nestjs/common';
import { Catalog, catalogOfRole } from '@nightjar/catalog';
import { RoleContext } from '@nightjar/role';

/** The catalog, for every module of control. */
@Global()
@Module({
  providers: [
    {
      provide: Catalog,
      useFactory: (context: RoleContext) => catalogOfRole(context, 'control'),
      inject: [RoleContext],
    },
  ],
  exports: [Catalog],
})
export class CatalogModule {}
