import { resolve } from 'node:path';
import type { Request } from '../request/schema.ts';
import type { Reporter } from './reporter.ts';

/** The reporters that a request asks for by itself, beside those of its door. Each is loaded only where it is asked for. */
export async function chosenReporters(request: Request): Promise<Reporter[]> {
  const chosen = await Promise.all([
    telegram(request),
    githubDeployment(request),
    webhook(request),
    metrics(request),
    registry(request),
  ]);
  return chosen.filter((reporter) => reporter !== null);
}

async function telegram(request: Request): Promise<Reporter | null> {
  const token = request['telegram-token'];
  const chat = request['telegram-chat'];
  if (token === undefined || chat === undefined || request.notify === 'never') return null;
  const { TelegramReporter } = await import('./telegram.ts');
  return new TelegramReporter({
    token,
    chat,
    thread: request['telegram-thread'] ?? null,
    apiUrl: request['telegram-api-url'],
    notify: request.notify,
  });
}

async function githubDeployment(request: Request): Promise<Reporter | null> {
  if (request.environment === undefined) return null;
  const { GithubDeploymentReporter } = await import('./github-deployment.ts');
  return new GithubDeploymentReporter({
    // The runner sets it, to that of a GitHub Enterprise Server too.
    apiUrl: process.env.GITHUB_API_URL || 'https://api.github.com',
    token: request['github-token'] ?? null,
    environment: request.environment,
    environmentUrl: request['environment-url'] ?? null,
  });
}

async function webhook(request: Request): Promise<Reporter | null> {
  const url = request['webhook-url'];
  if (url === undefined) return null;
  const { WebhookReporter } = await import('./webhook.ts');
  return new WebhookReporter({ url, secret: request['webhook-secret'] ?? null });
}

async function metrics(request: Request): Promise<Reporter | null> {
  const file = request['metrics-file'];
  if (file === undefined) return null;
  const { MetricsReporter } = await import('./metrics.ts');
  return new MetricsReporter(resolve(request['working-directory'], file));
}

async function registry(request: Request): Promise<Reporter | null> {
  const url = request['registry-url'];
  if (url === undefined) return null;
  const { RegistryReporter } = await import('./registry.ts');
  return new RegistryReporter({ url, environmentUrl: request['environment-url'] ?? null });
}
