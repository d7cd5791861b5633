/* What the tests ask a page in the browser. Put into every page before anything of its own. */

globalThis.probes = (() => {
  const pen = new OffscreenCanvas(1, 1).getContext('2d', { willReadFrequently: true });
  const known = new Map();

  /** Red, green and blue from 0 to 255, and alpha from 0 to 1, of any colour that CSS knows. */
  function colour(text) {
    if (!known.has(text)) {
      pen.clearRect(0, 0, 1, 1);
      pen.fillStyle = text;
      pen.fillRect(0, 0, 1, 1);
      const [red, green, blue, alpha] = pen.getImageData(0, 0, 1, 1).data;
      known.set(text, [red, green, blue, alpha / 255]);
    }
    return known.get(text);
  }

  function over([red, green, blue, alpha], below) {
    return [red, green, blue].map((part, index) => part * alpha + below[index] * (1 - alpha));
  }

  function backgroundOf(element) {
    if (element === null) return colour('Canvas').slice(0, 3);
    const own = colour(getComputedStyle(element).backgroundColor);
    return own[3] === 1 ? own.slice(0, 3) : over(own, backgroundOf(element.parentElement));
  }

  /** WCAG 2.2, relative luminance. */
  function luminance(rgb) {
    const [red, green, blue] = rgb
      .map((part) => part / 255)
      .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  }

  /** WCAG 2.2, contrast ratio, 1 to 21. */
  function contrast(text, background) {
    const [low, high] = [luminance(over(colour(text), background)), luminance(background)].sort((a, b) => a - b);
    return (high + 0.05) / (low + 0.05);
  }

  const all = (selector) => [...document.querySelectorAll(selector)];
  const isSvg = (element) => element instanceof SVGElement;

  function* visibleTexts() {
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
      const element = walker.currentNode.parentElement;
      const text = walker.currentNode.data.trim();
      if (text === '' || !element.checkVisibility()) continue;
      const style = getComputedStyle(element);
      yield { text, element, colour: isSvg(element) ? style.fill : style.color };
    }
    for (const element of all('td, summary')) {
      const before = getComputedStyle(element, '::before');
      if (element.checkVisibility() && /\w/.test(before.content.replace(/^none|normal$/, ''))) {
        yield { text: before.content, element, colour: before.color };
      }
    }
  }

  return {
    /** Texts with less contrast than this, each once. */
    paleTexts(least) {
      const found = new Set();
      for (const { text, element, colour: ink } of visibleTexts()) {
        const ratio = contrast(ink, backgroundOf(element));
        if (ratio < least)
          found.add(`${ratio.toFixed(2)} ${element.className.baseVal ?? element.className}: ${text.slice(0, 60)}`);
      }
      return [...found];
    },

    /** How many texts can be seen. */
    textsSeen: () => [...visibleTexts()].length,

    /** Shapes of charts with less contrast than this, by their class. */
    paleShapes(least) {
      const found = new Set();
      for (const shape of all('.column, .dot, .line, .minimum, .bar, .meter > span')) {
        const style = getComputedStyle(shape);
        const inks = isSvg(shape)
          ? [style.fill, style.stroke].filter((ink) => ink !== 'none')
          : [style.backgroundColor];
        const ratio = Math.max(...inks.map((ink) => contrast(ink, backgroundOf(shape.parentElement))));
        if (ratio < least)
          found.add(
            `${ratio.toFixed(2)} ${shape.getAttribute('class')} in ${shape.parentElement.className.baseVal ?? shape.parentElement.className}`,
          );
      }
      return [...found];
    },

    /** Pixels that the page is wider than the window, which a phone takes for wider where a page does not ask it. */
    overflow: (width) => document.documentElement.scrollWidth - width,

    /** Elements with something to the right of what can be seen or scrolled to. */
    clipped: () =>
      all('.card, td, summary, pre, p, dd, h1, .figures > div')
        .filter((element) => element.checkVisibility() && element.scrollWidth > element.clientWidth + 1)
        .filter(
          (element) => getComputedStyle(element).display !== 'inline' && getComputedStyle(element).overflowX !== 'auto',
        )
        .concat(
          all('.card span').filter(
            (element) =>
              element.checkVisibility() &&
              element.getBoundingClientRect().left < element.closest('.card').getBoundingClientRect().left,
          ),
        )
        .map((element) => `${element.tagName} ${element.className}: ${element.textContent.trim().slice(0, 60)}`),

    /** What the page would load, or could run. */
    foreign: () => [
      ...all('script, link, img, iframe, object, embed, form, video, audio, base, image, use').map(
        ({ outerHTML }) => outerHTML,
      ),
      ...all('*').flatMap((element) =>
        [...element.attributes]
          .filter(({ name }) => /^on|^(?:xlink:href|src|srcset|poster|data|action|background)$/.test(name))
          .map(({ name, value }) => `${name}=${value}`),
      ),
      ...all('style').flatMap(({ textContent }) => textContent.match(/@import|url\(/g) ?? []),
    ],

    links: () => all('a').map(({ href }) => href),

    /** 0 is black, 1 is white. */
    lightness: () => ({
      page: luminance(backgroundOf(document.body)),
      text: luminance(colour(getComputedStyle(document.querySelector('h1')).color).slice(0, 3)),
    }),

    /** What is drawn of each deployment, the oldest first. */
    bars: () =>
      all('.deployment').map((group) => {
        const { width, height } = group.querySelector('.column').getBoundingClientRect();
        const [title, mark] = ['title', '.mark'].map((part) => group.querySelector(part)?.textContent ?? '');
        return { width, height, title, mark };
      }),

    textOf: (selector) => all(selector).map(({ textContent }) => textContent.trim()),

    /** The texts of those that can be seen. */
    seen: (selector) =>
      all(selector)
        .filter((element) => element.checkVisibility() && element.getBoundingClientRect().height > 0)
        .map(({ textContent }) => textContent),

    /** Which bars of the first chart can be seen, from 0 on: at once, and when it is scrolled to its beginning. */
    barsSeen() {
      const [plot, bars] = [document.querySelector('.plot'), all('.deployment')];
      const inSight = () => {
        const { left, right } = plot.getBoundingClientRect();
        return bars.flatMap((bar, index) => {
          const box = bar.getBoundingClientRect();
          return box.left >= left - 1 && box.right <= right + 1 ? [index] : [];
        });
      };
      const atOnce = inSight();
      plot.scrollLeft = -plot.scrollWidth;
      return { atOnce, scrolled: inSight() };
    },

    openAll() {
      for (const details of all('details')) details.open = true;
    },

    middleOf(selector) {
      const element = document.querySelector(selector);
      element.scrollIntoView({ block: 'center' });
      const { x, y, width, height } = element.getBoundingClientRect();
      return { x: x + width / 2, y: y + height / 2 };
    },
  };
})();
