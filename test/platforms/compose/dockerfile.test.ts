import { describe, expect, it } from 'vitest';
import { type DockerfileOptions, readDockerfile } from '../../../src/platforms/compose/dockerfile.ts';

function read(lines: readonly string[], more: Partial<DockerfileOptions> = {}) {
  return readDockerfile(lines.join('\n'), { args: {}, target: undefined, contexts: new Set(), ...more });
}

describe('the images that a Dockerfile takes', () => {
  it.each<[string, readonly string[], readonly string[], string | null]>([
    ['one', ['FROM node:24-slim', 'RUN true'], ['node:24-slim'], 'node:24-slim'],
    ['in small letters, with a platform', ['from --platform=$BUILDPLATFORM node as app'], ['node'], 'node'],
    [
      'stages',
      ['FROM node AS build', 'FROM nginx:1.27', 'COPY --from=build /a /b'],
      ['nginx:1.27', 'node'],
      'nginx:1.27',
    ],
    ['stages by number', ['FROM node', 'FROM nginx:1', 'COPY --from=0 /a /b'], ['nginx:1', 'node'], 'nginx:1'],
    ['a stage that nothing needs', ['FROM tool AS lint', 'FROM node:24'], ['node:24'], 'node:24'],
    ['a stage upon a stage', ['FROM python:3.12 AS Base', 'FROM base AS app'], ['python:3.12'], 'python:3.12'],
    ['scratch', ['FROM golang:1.24 AS b', 'FROM scratch', 'COPY --from=b /x /x'], ['golang:1.24'], null],
    [
      'files of another image',
      ['FROM php:8.4', 'COPY --link --from=composer /c /c'],
      ['php:8.4', 'composer'],
      'php:8.4',
    ],
    [
      'a mount',
      ['FROM php:8.4', 'RUN --mount=type=bind,from=composer:2,target=/c ls'],
      ['php:8.4', 'composer:2'],
      'php:8.4',
    ],
    ['a default', ['ARG V=24', 'FROM node:${V}-slim'], ['node:24-slim'], 'node:24-slim'],
    ['a default in quotes, without braces', ['ARG IMAGE="node:24"', 'FROM $IMAGE'], ['node:24'], 'node:24'],
    ['a default at its use', ['ARG V', 'FROM node:${V:-24}'], ['node:24'], 'node:24'],
    ['a variable without a value', ['ARG V', 'FROM node:${V}'], [], null],
    ['an argument of a stage only', ['FROM node:1', 'ARG V=2', 'FROM node:$V'], [], null],
    [
      'comments and lines that go on',
      ['# FROM no', 'RUN a \\', '  # FROM no', 'FROM no', 'FROM yes:1'],
      ['yes:1'],
      'yes:1',
    ],
    ['a heredoc', ['FROM a:1', 'RUN <<EOF', 'FROM users', 'EOF', 'COPY . .'], ['a:1'], 'a:1'],
    ['lines of Windows', ['FROM a:1\r', 'RUN x\r'], ['a:1'], 'a:1'],
    ['nothing', [''], [], null],
    ['no Dockerfile at all', ['<html>', 'FROM'], [], null],
  ])('are found: %s', (_what, lines, images, base) => {
    expect(read(lines)).toMatchObject({ images, base });
  });

  it('follow the arguments and the target of the build', () => {
    const lines = ['ARG V=1', 'FROM node:$V AS prod', 'FROM dev-tools AS dev'];
    expect(read(lines, { args: { V: '2' }, target: 'prod' }).images).toEqual(['node:2']);
    expect(read(lines, { args: { V: null }, target: 'dev' }).images).toEqual(['dev-tools']);
    expect(read(lines, { target: 'gone' }).images).toEqual([]);
  });

  it('are no other contexts', () => {
    const lines = ['FROM base', 'COPY --from=files /a /b'];
    expect(read(lines, { contexts: new Set(['base', 'files']) })).toMatchObject({ images: [], base: null });
  });
});

describe('the health check of a Dockerfile', () => {
  it.each<[boolean, readonly string[]]>([
    [false, ['FROM a']],
    [true, ['FROM a', 'HEALTHCHECK --interval=5s \\', '  CMD true']],
    [true, ['FROM a AS base', 'HEALTHCHECK CMD true', 'FROM base']],
    [false, ['FROM a AS base', 'HEALTHCHECK CMD true', 'FROM base', 'HEALTHCHECK NONE']],
    [false, ['FROM a AS other', 'HEALTHCHECK CMD true', 'FROM a']],
    [false, ['FROM a', '# HEALTHCHECK CMD true']],
    [false, ['HEALTHCHECK CMD true']],
  ])('is there: %s, in %j', (there, lines) => {
    expect(read(lines).healthcheck).toBe(there);
  });
});
