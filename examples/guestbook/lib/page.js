const style = `
  :root { color-scheme: light dark; --accent: #2f6f5e; }
  body { font: 17px/1.55 Georgia, serif; max-width: 38rem; margin: 3rem auto; padding: 0 1rem; }
  h1 { font-weight: normal; letter-spacing: .02em; }
  form { display: grid; gap: .6rem; padding: 1rem; border: 1px solid var(--accent); border-radius: .5rem; }
  input, textarea, button { font: inherit; padding: .4rem .6rem; border-radius: .3rem; border: 1px solid #8886; }
  button { background: var(--accent); color: white; border: 0; cursor: pointer; }
  article { padding: .8rem 0; border-bottom: 1px solid #8884; }
  article p { margin: .2rem 0 0; white-space: pre-wrap; overflow-wrap: anywhere; }
  time, footer { color: #888; font-size: .85em; }
`;

/** The whole page. */
export function renderPage({ version, entries }) {
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Guestbook</title>
<style>${style}</style>
<h1>Guestbook</h1>
<form method="post" action="/entries">
  <input name="name" aria-label="Your name" placeholder="Your name" maxlength="60" required>
  <textarea name="message" aria-label="Your message" placeholder="A line for the house" maxlength="500" rows="3" required></textarea>
  <button>Sign</button>
</form>
<main>
${entries.map(renderEntry).join('\n') || '<p>Nobody has signed yet. Be the first.</p>'}
</main>
<footer><p>version ${asText(version)}</p></footer>
</html>
`;
}

function renderEntry(entry) {
  return `<article>
  <strong>${asText(entry.name)}</strong> <time datetime="${entry.written_at}">${entry.written_at.slice(0, 10)}</time>
  <p>${asText(entry.message)}</p>
</article>`;
}

const entities = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

function asText(text) {
  return String(text).replace(/[&<>"']/g, (character) => entities[character]);
}
