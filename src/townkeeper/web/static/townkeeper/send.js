/* Sending over a bad line: one sees how much has arrived, and when the line breaks the page stays as it is, with
   photos and all, to send once more. The form's own key sees to it that it becomes one report. Without this script
   the browser sends by itself. Forms with data-sends (JSON of phrases) use it; .sendbar takes the words. */
(() => {
  'use strict';
  const STALLED = 90000;
  const form = document.querySelector('form[data-sends]');
  if (!form || !window.XMLHttpRequest) return;
  const words = JSON.parse(form.dataset.sends), bar = form.querySelector('.sendbar');
  const box = document.createElement('div'), text = document.createElement('span'), progress = document.createElement('progress');
  box.className = 'sending';
  box.hidden = true;
  text.setAttribute('role', 'status');
  progress.max = 100;
  progress.setAttribute('aria-hidden', 'true');
  box.append(text, progress);
  bar.prepend(box);
  let line = null, watch = 0, isSent = false;

  const say = (said, part, isBad = false) => {
    box.hidden = false;
    box.classList.toggle('bad', isBad);
    if (text.textContent !== said) text.textContent = said;
    progress.hidden = isBad;
    if (part === null) progress.removeAttribute('value'); else progress.value = part;
  };
  const stop = () => { clearTimeout(watch); line = null; form.removeAttribute('aria-busy'); };
  const broke = said => { stop(); say(said, 0, true); };
  const alive = () => { clearTimeout(watch); watch = setTimeout(() => { if (line) line.abort(); }, STALLED); };
  /* the answer is a whole page: that of the number has an address of its own, a refused form takes this one's place */
  const show = answer => {
    const arrived = new URL(answer.responseURL || location.href);
    if (arrived.pathname !== location.pathname) { isSent = true; location.assign(arrived.href); return; }
    document.open();
    document.write(answer.responseText);
    document.close();
    window.scrollTo(0, 0);
  };

  /* whoever comes back by the browser's button finds an empty form, not the report that was sent */
  window.addEventListener('pageshow', event => { if (event.persisted && isSent) location.reload(); });

  form.addEventListener('submit', event => {
    if (event.defaultPrevented) return;
    event.preventDefault();
    if (line) return;
    const data = new FormData(form), by = event.submitter;
    if (by && by.name) data.append(by.name, by.value);
    line = new XMLHttpRequest();
    line.open('POST', form.getAttribute('action') || location.href);
    line.setRequestHeader('Accept', 'text/html');
    let shown = -1;
    line.upload.addEventListener('progress', step => {
      alive();
      /* told in tens: a screen reader need not hear every figure */
      const part = step.lengthComputable ? Math.floor(10 * step.loaded / step.total) * 10 : 0;
      if (part !== shown) { shown = part; say(part < 100 ? words.sending.replace('%(part)s', part) : words.arrived, part < 100 ? part : null); }
    });
    const mine = line;
    line.addEventListener('load', () => {
      if (mine.status >= 500) { broke(words.fault); return; }
      stop();
      say(words.arrived, null);
      show(mine);
    });
    ['error', 'abort'].forEach(name => line.addEventListener(name, () => broke(words.broke)));
    form.setAttribute('aria-busy', 'true');
    say(words.sending.replace('%(part)s', 0), 0);
    alive();
    line.send(data);
  });
})();
