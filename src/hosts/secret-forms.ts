/** The ways in which programs print a value: as it is, URL-encoded, in JSON, in base64. */
export function formsOf(value: string): string[] {
  return [...new Set([value, ...encoded(value), JSON.stringify(value).slice(1, -1), ...inBase64(value)])];
}

/** Of the many ways those that libraries have: browsers, forms, Python (`/` stays), RFC 3986, each in both cases. */
function encoded(value: string): string[] {
  // Half a character can't be encoded.
  const whole = value.toWellFormed();
  const strict = encodeURIComponent(whole).replace(
    /[!'()*]/g,
    (one) => `%${one.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  const forms = [
    encodeURIComponent(whole),
    encodeURI(whole),
    strict,
    strict.replaceAll('%2F', '/'),
    new URLSearchParams([['', whole]]).toString().slice(1),
  ];
  return forms.flatMap((form) => [form, form.replace(/%[0-9A-F]{2}/g, (one) => one.toLowerCase())]);
}

/** Inside a longer text, base64 shows a value in one of three shapes; the edge characters depend on its neighbours. */
function inBase64(value: string): string[] {
  const bytes = Buffer.from(value);
  return [0, 1, 2].flatMap((shift) => {
    const all = Buffer.concat([Buffer.alloc(shift), bytes])
      .toString('base64')
      .replace(/=+$/, '');
    const skip = shift === 0 ? 0 : shift + 1;
    const inner = all.slice(skip, (bytes.length + shift) % 3 === 0 ? undefined : -1);
    return inner.length < 8 ? [] : [inner, inner.replaceAll('+', '-').replaceAll('/', '_')];
  });
}
