/* Reporting with less typing: photos in view, the place from photo, phone or map, likely kinds and similar reports
   while the form is filled in. The form works without any of it. */
(() => {
  'use strict';
  document.documentElement.classList.add('has-js');
  document.querySelectorAll('[data-js]').forEach(part => { part.hidden = false; });

  document.querySelectorAll('[data-copy]').forEach(button => button.addEventListener('click', async () => {
    const words = button.dataset.copy.split(',').map(id => document.getElementById(id).textContent.trim()).join(' ');
    try { await navigator.clipboard.writeText(words); button.textContent = button.dataset.copied; } catch { window.getSelection().selectAllChildren(document.querySelector('.slip')); }
  }));

  const form = document.getElementById('report');
  if (!form) return;
  const words = JSON.parse(form.dataset.scriptWords);
  const one = selector => form.querySelector(selector);
  const fill = (text, values) => text.replace(/%\((\w+)\)s/g, (_, name) => values[name]);
  const make = (name, values = {}, inside = []) => { const element = document.createElement(name); Object.assign(element, values); element.append(...inside); return element; };
  const icon = name => {
    const any = document.querySelector('use').getAttribute('href').split('#')[0], space = 'http://www.w3.org/2000/svg';
    const drawing = document.createElementNS(space, 'svg'), use = document.createElementNS(space, 'use');
    drawing.setAttribute('class', 'ic');
    drawing.setAttribute('aria-hidden', 'true');
    use.setAttribute('href', `${any}#${name}`);
    drawing.append(use);
    return drawing;
  };

  /* --- the place --- */
  const lon = form.elements.lon, lat = form.elements.lat, usePhoto = form.elements.use_photo;
  const from = one('[data-place-from]'), unplace = one('[data-unplace]');
  let source = lon.value && lat.value ? 'said' : '', inPhoto = null;
  const place = (where, how, text) => {
    lon.value = where ? where.lon.toFixed(6) : '';
    lat.value = where ? where.lat.toFixed(6) : '';
    source = where ? how : '';
    from.textContent = where ? text : '';
    unplace.hidden = !where;
    document.dispatchEvent(new CustomEvent('place:set', {detail: where}));
    look();
  };
  const fromPhoto = () => {
    if (inPhoto && usePhoto.checked && (!source || source === 'photo')) place(inPhoto, 'photo', words.fromPhoto);
    else if (source === 'photo' && (!usePhoto.checked || !inPhoto)) place(null);
  };
  usePhoto.addEventListener('change', fromPhoto);
  unplace.addEventListener('click', () => { usePhoto.checked = false; place(null); });
  document.addEventListener('place:picked', event => place(event.detail, 'map', words.fromMap));
  const locate = one('[data-locate]');
  if (!navigator.geolocation) locate.hidden = true;
  locate.addEventListener('click', () => {
    locate.disabled = true;
    const done = () => { locate.disabled = false; };
    navigator.geolocation.getCurrentPosition(
      found => { done(); place({lon: found.coords.longitude, lat: found.coords.latitude}, 'phone', words.fromPhone); },
      () => { done(); from.textContent = words.noPosition; form.elements.address.focus(); },
      {enableHighAccuracy: true, timeout: 15000, maximumAge: 60000});
  });

  /* --- photos --- */
  const input = document.getElementById('photos'), pics = one('[data-pics]'), status = one('[data-photo-status]'), most = Number(form.dataset.max);
  const send = one('.sendbar button');
  let photos = [];
  const show = () => {
    pics.replaceChildren(...photos.map((photo, n) => {
      const remove = make('button', {type: 'button', className: 'del', ariaLabel: fill(words.remove, {n: n + 1})}, [icon('x')]);
      remove.setAttribute('aria-label', fill(words.remove, {n: n + 1}));
      remove.addEventListener('click', () => { URL.revokeObjectURL(photo.address); photos.splice(n, 1); show(); input.focus(); });
      return make('figure', {className: 'shot'}, [make('img', {src: photo.address, alt: fill(words.photo, {n: n + 1})}), remove]);
    }));
    window.townkeeperPhotos.put(input, photos.map(photo => photo.file));
    const known = photos.find(photo => photo.exif.lat !== undefined);
    inPhoto = known ? {lon: known.exif.lon, lat: known.exif.lat} : null;
    fromPhoto();
  };
  input.addEventListener('change', async () => {
    const chosen = [...input.files], room = most - photos.length;
    status.textContent = chosen.length > room ? fill(words.tooMany, {max: most}) : words.shrinking;
    send.disabled = true;
    try {
      /* one after the other: an old phone has no room for six large pictures at once */
      const lost = [];
      for (const file of chosen.slice(0, Math.max(0, room))) {
        const each = await window.townkeeperPhotos.shrink(file);
        if (each.unreadable) lost.push(file.name); else photos.push({...each, address: URL.createObjectURL(each.file)});
      }
      if (lost.length) status.textContent = fill(words.unreadable, {name: lost.join(', ')});
      else if (chosen.length <= room) status.textContent = '';
    } finally { send.disabled = false; }
    show();
  });

  /* --- likely kinds, similar reports --- */
  const chips = one('[data-chips]'), near = one('[data-near]'), plenty = 8;
  const area = form.elements.area;
  let waiting = 0, asked = 0;
  const chip = (kind, checked) => make('label', {}, [make('input', {type: 'radio', name: 'kind', value: kind.key, checked}), make('span', {textContent: kind.title})]);
  const showKinds = kinds => {
    if (!kinds.length || chips.contains(document.activeElement)) return;
    const shown = [...chips.querySelectorAll('label')].map(label => ({key: label.querySelector('input').value, title: label.textContent.trim(), checked: label.querySelector('input').checked}));
    const unsure = shown.find(kind => !kind.key), chosen = shown.find(kind => kind.checked && kind.key);
    const line = [...(chosen ? [chosen] : []), ...kinds, ...shown.filter(kind => kind.key)];
    const kept = line.filter((kind, n) => line.findIndex(other => other.key === kind.key) === n).slice(0, plenty);
    chips.replaceChildren(...kept.map(kind => chip(kind, Boolean(chosen) && kind.key === chosen.key)), ...(unsure ? [chip(unsure, unsure.checked)] : []));
  };
  const showTwins = twins => {
    near.hidden = !twins.length;
    if (!twins.length) { near.replaceChildren(); return; }
    form.elements.twins_seen.value = '1';
    const rows = twins.map(twin => make('li', {}, [
      make('div', {}, [make('a', {href: twin.href, target: '_blank', rel: 'noopener', textContent: twin.title}), make('small', {textContent: [twin.state, twin.far, twin.when].filter(Boolean).join(' · ')})]),
      make('button', {type: 'submit', className: 'btn s', name: 'join', value: twin.number, textContent: words.too}),
    ]));
    near.replaceChildren(make('b', {textContent: words.similar}), make('ul', {className: 'twinlist'}, rows));
  };
  const ask = async () => {
    const said = new FormData(), mine = asked += 1;
    ['csrfmiddlewaretoken', 'words', 'address', 'area', 'lon', 'lat', 'kind', 'kind_other'].forEach(name => { const value = new FormData(form).get(name); if (value) said.append(name, value); });
    try {
      const answer = await fetch(form.dataset.look, {method: 'POST', body: said, headers: {Accept: 'application/json'}});
      if (!answer.ok || mine !== asked) return;
      const found = await answer.json();
      showKinds(found.kinds);
      showTwins(found.twins);
      if (found.outside && !area.value) from.textContent = words.outside; else if (from.textContent === words.outside) from.textContent = '';
      if (found.area && !area.value && [...area.options].some(option => option.value === found.area)) area.value = found.area;
    } catch { /* no network just now: the form is sent all the same */ }
  };
  function look() { clearTimeout(waiting); waiting = setTimeout(ask, 500); }
  form.addEventListener('input', event => { if (event.target.type !== 'file') look(); });
  form.addEventListener('draft:restored', () => {
    if (lon.value && lat.value) { source = 'said'; unplace.hidden = false; document.dispatchEvent(new CustomEvent('place:set', {detail: {lon: Number(lon.value), lat: Number(lat.value)}})); }
    look();
  });
  form.addEventListener('change', event => { if (event.target.name === 'kind_other' && event.target.value) form.querySelectorAll('[name=kind]').forEach(radio => { radio.checked = false; }); if (event.target.name === 'kind') form.elements.kind_other.value = ''; });
  if (form.elements.words.value || (lon.value && lat.value)) look();
  if (lon.value && lat.value) unplace.hidden = false;
})();
