/**
 * `owner/name` of a git remote that is on this server (`https://github.com`), by HTTPS or SSH; `null` for any other. What
 * else such an address holds, a token say, is not in it.
 */
export function repositoryOfRemote(remote: string, serverUrl: string): string | null {
  const server = new URL(serverUrl).hostname;
  const [, scpHost, scpPath] = /^(?:[\w.-]+@)?([\w.-]+):(?!\/\/)(.+)$/.exec(remote.trim()) ?? [];
  const url = scpHost === undefined ? remote.trim() : `ssh://${scpHost}/${scpPath}`;
  if (!URL.canParse(url)) return null;
  const { hostname, pathname } = new URL(url);
  // GitHub's SSH over the port for HTTPS: https://docs.github.com/en/authentication/troubleshooting-ssh/using-ssh-over-the-https-port
  if (hostname !== server && hostname !== `ssh.${server}`) return null;
  return /^\/([\w.-]+\/[\w.-]+?)(?:\.git)?\/?$/.exec(pathname)?.[1] ?? null;
}
