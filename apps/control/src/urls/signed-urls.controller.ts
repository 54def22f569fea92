import { Body, Controller, Inject, Param, Post, Req } from '@nestjs/common';
import { SIGNED_ACTIONS } from '@nightjar/access';
import { parseDuration } from '@nightjar/config';
import { z } from 'zod';
import { Stream, Time } from '../footage/footage-queries.js';
import { Audited } from '../audit/audited.js';
import type { AuthenticatedRequest } from '../principal.guard.js';
import { SignedUrlsService, type SignedUrlView } from './signed-urls.service.js';

const Lifetime = z.string().transform((text, context) => {
  try {
    return parseDuration(text);
  } catch {
    context.addIssue({ code: 'custom', message: 'a time such as 30m or 2h' });
    return z.NEVER;
  }
});

export const SignedUrlBody = z
  .strictObject({
    action: z.enum(SIGNED_ACTIONS),
    stream: Stream,
    /** How long it is valid from now on. */
    for: Lifetime.default(3_600_000),
    /** The only address that may use it. */
    address: z.union([z.ipv4(), z.ipv6()]).optional(),
    start: Time.optional(),
    end: Time.optional(),
  })
  .refine(
    ({ action, start, end }) => action === 'playback' || (start ?? end) === undefined,
    'start and end are for playback',
  );
export type SignedUrlBody = z.infer<typeof SignedUrlBody>;

@Controller('api/v1/cameras/:camera/urls')
export class SignedUrlsController {
  constructor(@Inject(SignedUrlsService) private readonly urls: SignedUrlsService) {}

  @Post()
  @Audited('url-signed')
  create(
    @Req() request: AuthenticatedRequest & { readonly hostname: string; readonly host: string },
    @Param('camera') camera: string,
    @Body({ schema: SignedUrlBody }) body: SignedUrlBody,
  ): SignedUrlView {
    return this.urls.create(request.principal, camera, body, request);
  }
}
