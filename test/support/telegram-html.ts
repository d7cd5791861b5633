import { z } from 'zod';

/*
 * What the Bot API documents for `parse_mode: HTML` (core.telegram.org/bots/api#html-style): a few tags, properly nested,
 * nothing within `code` and `pre`, and no bare `<`, `>` or `&`. Stricter than the server, which forgives a bare `>`.
 */
const plainTags = [
  'b',
  'strong',
  'i',
  'em',
  'u',
  'ins',
  's',
  'strike',
  'del',
  'code',
  'pre',
  'blockquote',
  'tg-spoiler',
];
const named: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"' };
const token = /<(\/?)([a-z-]+)((?:\s[^<>]*)?)>|&(?:([a-z]+)|#(\d+)|#x([0-9a-f]+));|([^<>&]+)/giy;

/** The text that a chat shows. Throws where the Bot API would answer `can't parse entities`. */
export function textOfTelegramHtml(html: string): string {
  const open: string[] = [];
  let text = '';
  token.lastIndex = 0;
  while (token.lastIndex < html.length) {
    const at = token.lastIndex;
    const match = token.exec(html);
    if (!match) throw new Error(`unexpected ${JSON.stringify(html.slice(at, at + 20))} at ${at}`);
    const [, closing, tag, attributes, name, decimal, hexadecimal, plain] = match;
    if (plain !== undefined) text += plain;
    else if (decimal !== undefined) text += String.fromCodePoint(Number(decimal));
    else if (hexadecimal !== undefined) text += String.fromCodePoint(Number.parseInt(hexadecimal, 16));
    else if (name !== undefined) {
      const character = named[name];
      if (character === undefined) throw new Error(`the entity &${name}; is not supported`);
      text += character;
    } else if (tag !== undefined) {
      if (closing === '/') {
        if (open.pop() !== tag) throw new Error(`</${tag}> closes nothing`);
        continue;
      }
      if (open.includes('pre') || open.includes('code')) throw new Error(`<${tag}> within code`);
      const link = tag === 'a' && /^ href="[^"]+"$/.test(attributes ?? '');
      if (!link && !(plainTags.includes(tag) && attributes === ''))
        throw new Error(`<${tag}${attributes}> is not supported`);
      open.push(tag);
    }
  }
  if (open.length > 0) throw new Error(`<${open.at(-1)}> is never closed`);
  return text;
}

const linkPreviewOptions = z.strictObject({ is_disabled: z.boolean().optional() });
const chatId = z.union([z.number().int(), z.string().regex(/^@\w+$/)]);
const common = {
  chat_id: chatId,
  text: z.string().min(1),
  parse_mode: z.literal('HTML').optional(),
  link_preview_options: linkPreviewOptions.optional(),
};

/** The fields of the documented methods that we may use: a field by another name is refused here, ignored there. */
export const methods = {
  sendMessage: z.strictObject({ ...common, message_thread_id: z.number().int().positive().optional() }),
  editMessageText: z.strictObject({ ...common, message_id: z.number().int().positive() }),
  getMe: z.strictObject({}),
};
