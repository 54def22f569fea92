import type { ServerResponse } from 'node:http';
import {
  Body,
  Controller,
  Delete,
  Get,
  HttpCode,
  Inject,
  Param,
  Post,
  Req,
  Res,
} from '@nestjs/common';
import { Audited } from '../audit/audited.js';
import { ExportsService, type ExportView } from './exports.service.js';
import { ExportBody } from './footage-queries.js';
import type { FootageRequestMessage } from './footage.service.js';

/** Footage put together for somebody to take away. */
@Controller('api/v1/exports')
export class ExportsController {
  constructor(@Inject(ExportsService) private readonly exports: ExportsService) {}

  @Post()
  @Audited('export')
  @HttpCode(202)
  create(
    @Req() request: FootageRequestMessage,
    @Body({ schema: ExportBody }) body: ExportBody,
  ): Promise<ExportView> {
    return this.exports.create(request.principal, body);
  }

  @Get()
  list(@Req() request: FootageRequestMessage): Promise<ExportView[]> {
    return this.exports.list(request.principal);
  }

  @Get(':id')
  get(@Req() request: FootageRequestMessage, @Param('id') id: string): Promise<ExportView> {
    return this.exports.get(request.principal, id);
  }

  @Delete(':id')
  @HttpCode(204)
  remove(@Req() request: FootageRequestMessage, @Param('id') id: string): Promise<void> {
    return this.exports.remove(request.principal, id);
  }

  @Get(':id/files/:name')
  @Audited('export')
  download(
    @Req() request: FootageRequestMessage,
    @Res() response: ServerResponse,
    @Param('id') id: string,
    @Param('name') name: string,
  ): Promise<void> {
    return this.exports.download(request, response, id, name);
  }
}
