/* Nothing typed is lost: what a form with data-draft holds is kept in this tab until the server has taken it,
   and is put back after a session has ended, a page was left, or the browser went back. A form is sent once. */
(() => {
  'use strict';
  const store = window.sessionStorage;
  /* a draft belongs to a person: whoever signs in next on the same machine does not see it */
  const PREFIX = `draft:${document.body.dataset.user || ''}:`;
  const keyOf = form => PREFIX + (form.dataset.draft || form.getAttribute('action') || location.pathname);
  const kept = element => element.name && !element.disabled && !['hidden', 'password', 'file', 'submit', 'button'].includes(element.type);
  const fields = form => [...form.elements].filter(kept);
  const read = form => {
    const values = {};
    fields(form).forEach(element => {
      if (['checkbox', 'radio'].includes(element.type)) (values[element.name] = values[element.name] || []).push(...(element.checked ? [element.value] : []));
      else values[element.name] = element.value;
    });
    return values;
  };
  const empty = values => Object.values(values).every(value => !value || !value.length);
  const fill = (form, values) => fields(form).forEach(element => {
    if (!(element.name in values)) return;
    const value = values[element.name];
    if (['checkbox', 'radio'].includes(element.type)) element.checked = [].concat(value).includes(element.value);
    else if (element.tagName !== 'SELECT' || [...element.options].some(option => option.value === value)) element.value = value;
  });
  const load = key => { try { return JSON.parse(store.getItem(key)); } catch { return null; } };
  const save = (key, value) => { try { store.setItem(key, JSON.stringify(value)); } catch { /* full or switched off: the form itself still works */ } };

  const forms = [...document.querySelectorAll('form[data-draft]')];
  /* the page that follows a form shows whether it was taken: then its draft is done with */
  document.querySelectorAll('[data-draft-done]').forEach(mark => store.removeItem(PREFIX + mark.dataset.draftDone));
  const sent = load('draft-sent');
  store.removeItem('draft-sent');
  const taken = sent && !document.querySelector('.errsum, form[data-sign-in]') && !document.querySelector('[data-draft-refused]');
  if (taken) store.removeItem(sent);

  forms.forEach(form => {
    const key = keyOf(form), first = JSON.stringify(read(form)), draft = load(key);
    if (draft && !form.querySelector('.err') && JSON.stringify(draft) !== first && !empty(draft)) {
      fill(form, draft);
      const opened = form.closest('details');
      if (opened) opened.open = true;
      const note = form.querySelector('[data-draft-note]');
      if (note) note.hidden = false;
      form.dispatchEvent(new CustomEvent('draft:restored', {bubbles: true}));
    }
    let waiting = 0;
    form.addEventListener('input', () => { clearTimeout(waiting); waiting = setTimeout(() => save(key, read(form)), 250); });
    form.addEventListener('reset', () => store.removeItem(key));
    form.addEventListener('submit', () => { clearTimeout(waiting); save(key, read(form)); save('draft-sent', key); });
  });

  /* signing out leaves nothing behind */
  document.addEventListener('submit', event => { if (event.target.matches('[data-sign-out]')) store.clear(); });

  const release = form => { delete form.dataset.sending; form.removeAttribute('aria-busy'); };

  /* a double click sends once; coming back by the browser's button makes the form usable again */
  document.addEventListener('submit', event => {
    const form = event.target;
    if (form.method !== 'post' || form.hasAttribute('hx-post') || event.defaultPrevented) return;
    if (form.dataset.sending) { event.preventDefault(); return; }
    form.dataset.sending = '1';
    form.setAttribute('aria-busy', 'true');
    // what is answered with a file leaves the page where it is: the form is ready for the next one
    if (form.hasAttribute('data-file')) setTimeout(() => release(form), 2500);
  });
  window.addEventListener('pageshow', () => [...document.forms].forEach(release));
})();
