import { InvalidRequestError } from '../../src/request/invalid-request.ts';
import { parseRequest } from '../../src/request/parse-request.ts';
import type { RequestProblem } from '../../src/request/problems.ts';
import type { Request } from '../../src/request/schema.ts';

export interface Said {
  door?: Record<string, unknown>;
  environment?: Record<string, string>;
  /** By path. */
  files?: Record<string, string>;
}

export function request({ door = {}, environment = {}, files = {} }: Said): Promise<Request> {
  const readText = async (path: string) => files[path] ?? null;
  return parseRequest({ door, doorName: 'input', environment, readText });
}

export async function refusal(said: Said): Promise<InvalidRequestError> {
  try {
    await request(said);
  } catch (error) {
    if (error instanceof InvalidRequestError) return error;
    throw error;
  }
  throw new Error('The request was accepted.');
}

export async function problems(said: Said): Promise<readonly RequestProblem[]> {
  return (await refusal(said)).problems;
}

/** The only problem, as people read it. */
export async function complaint(said: Said): Promise<string> {
  const { message } = await refusal(said);
  const lines = message.split('\n').slice(1);
  if (lines.length !== 1) throw new Error(`More than one problem:\n${message}`);
  return lines[0]?.replace('  - ', '') ?? '';
}
