import { Site, type SiteOptions } from './recording-site.js';

/** A {@link Site} as a process of its own: SITE has its options, SITE_UID the user that it runs as. Asked over IPC. */
type Question =
  | { readonly do: 'play'; readonly seconds: number }
  | { readonly do: 'playUntil'; readonly volume: string; readonly reason: string | null }
  | { readonly do: 'reason'; readonly volume: string }
  | { readonly do: 'durable'; readonly camera: string }
  | { readonly do: 'hang' }
  | { readonly do: 'close' };

const { SITE, SITE_UID } = process.env;
if (SITE_UID !== undefined) {
  process.setgroups?.([]);
  process.setgid?.(Number(SITE_UID));
  process.setuid?.(Number(SITE_UID));
}
const site = await Site.open(JSON.parse(SITE ?? '') as SiteOptions);

async function answer(question: Question): Promise<unknown> {
  switch (question.do) {
    case 'play':
      return await site.play(question.seconds);
    case 'playUntil':
      return await site.playUntil(() => (site.reason(question.volume) ?? null) === question.reason);
    case 'reason':
      return site.reason(question.volume) ?? null;
    case 'durable':
      return site.recorders.get(question.camera)?.openSegment?.endMs ?? null;
    case 'hang':
      site.hanging = true;
      return null;
    case 'close':
      await site.close();
      return {
        holes: await site.holes(),
        reasons: [...new Set((await site.gaps()).map(({ reason }) => reason))],
        unexplained: await site.unexplained('no-permission'),
      };
  }
}

process.on('message', (question: Question) => {
  answer(question).then(
    (value) => process.send?.({ value: value ?? null }),
    (error: unknown) => process.send?.({ error: String(error) }),
  );
});
