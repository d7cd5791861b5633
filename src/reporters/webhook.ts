import { createHmac, randomUUID } from 'node:crypto';
import type { DeploymentEvent, Reporter } from './reporter.ts';
import { deadlineIn, retrying } from './retry.ts';

export interface WebhookOptions {
  /** A secret as a whole: most of these addresses are what lets somebody in. */
  readonly url: string;
  /** Signs the body. */
  readonly secret: string | null;
}

/** Milliseconds for all of `close`, below the 10 s that reporters have. */
const longestClose = 9000;

/**
 * Posts the JSON report at the end. A report may come more than once (an answer that was lost, a deployment that was
 * recovered later): `X-Homeport-Deployment` says whose it is, and one delivery keeps its `X-Homeport-Delivery`.
 */
export class WebhookReporter implements Reporter {
  readonly name = 'webhook';
  readonly #options: WebhookOptions;
  #final: { readonly deployment: string; readonly body: string } | null = null;

  constructor(options: WebhookOptions) {
    this.#options = options;
  }

  event(event: DeploymentEvent): void {
    if (event.type !== 'finished') return;
    this.#final = { deployment: event.report.deployment, body: JSON.stringify(event.report) };
  }

  /** Ends within 9 s, and at once when `signal` aborts. Rejects when the report was not delivered. */
  async close(signal: AbortSignal): Promise<void> {
    if (this.#final === null) return;
    const { deployment, body } = this.#final;
    const headers = {
      'content-type': 'application/json',
      'x-homeport-deployment': deployment,
      'x-homeport-delivery': randomUUID(),
      ...(this.#options.secret !== null && { 'x-homeport-signature-256': signatureOf(body, this.#options.secret) }),
    };
    const deadline = deadlineIn(longestClose, signal);
    const { HttpClient } = await import('./http-client.ts');
    const client = new HttpClient(this.#options.url);
    try {
      const post = { method: 'POST', path: '', headers, body, also: [] } as const;
      await retrying(() => client.send(post, deadline), deadline);
    } finally {
      await client.destroy();
    }
  }
}

/** As GitHub signs its own webhooks. */
function signatureOf(body: string, secret: string): string {
  return `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`;
}
