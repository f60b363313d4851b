/* Every map of every page. Leaflet is called from this file only, so that another library can take its
   place: base, areas, points, pick, choropleth. Without it (or without a script) the page's own text,
   list or fields say the same. No tiles by default: outlines from the database on a plain ground. */
(() => {
  'use strict';
  if (!window.L) return;
  const L = window.L;
  const css = name => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const json = (text, otherwise) => { try { return JSON.parse(text) || otherwise; } catch { return otherwise; } };
  const fill = (text, values) => (text || '').replace(/%\((\w+)\)s/g, (_, name) => values[name]);

  /* GCJ-02: some tile services shift the ground. Points are shifted for drawing only, and back when picked;
     what is stored is always CGCS2000/WGS 84. */
  const A = 6378245, EE = 0.006693421622965943, R = Math.PI / 180;
  const wave = (x, y, a, b, c) => (20 * Math.sin(6 * x * Math.PI) + 20 * Math.sin(2 * x * Math.PI)) * 2 / 3
    + (20 * Math.sin(y * Math.PI) + 40 * Math.sin(y / 3 * Math.PI)) * 2 / 3
    + (a * Math.sin(y / 12 * Math.PI) + b * Math.sin(y / c * Math.PI)) * 2 / 3;
  const shift = (lat, lon) => {
    if (lon < 72 || lon > 138 || lat < 0.8 || lat > 56) return [lat, lon];
    const x = lon - 105, y = lat - 35, root = Math.sqrt(Math.abs(x));
    const north = -100 + 2 * x + 3 * y + .2 * y * y + .1 * x * y + .2 * root + wave(x, y, 160, 320, 30);
    const east = 300 + x + 2 * y + .1 * x * x + .1 * x * y + .1 * root + wave(x, x, 150, 300, 30);
    const s = 1 - EE * Math.sin(lat * R) ** 2, m = Math.sqrt(s);
    return [lat + north * 180 / (A * (1 - EE) / (s * m) * Math.PI), lon + east * 180 / (A / m * Math.cos(lat * R) * Math.PI)];
  };
  const unshift = (lat, lon) => { const [y, x] = shift(lat, lon); return [2 * lat - y, 2 * lon - x]; };

  /* base: a map in an element; the handle carries what the other four need */
  const base = (element, options = {}) => {
    const words = json(element.dataset.words, {});
    const tiles = json(element.dataset.tiles, []);
    const still = options.still === true;
    const map = L.map(element, {
      attributionControl: false, zoomControl: false, zoomSnap: .25, scrollWheelZoom: !still, dragging: !still,
      keyboard: !still, doubleClickZoom: !still, boxZoom: !still, touchZoom: !still, fadeAnimation: false,
      zoomAnimation: !matchMedia('(prefers-reduced-motion: reduce)').matches, maxZoom: 19, preferCanvas: true,
    });
    if (!still) L.control.zoom({zoomInTitle: words.zoomIn || '+', zoomOutTitle: words.zoomOut || '-'}).addTo(map);
    L.control.scale({imperial: false}).addTo(map);
    const layers = {};
    tiles.forEach(tile => { layers[tile.name] = L.tileLayer(tile.url, {maxZoom: tile.max_zoom || 18, attribution: tile.attribution || ''}); });
    const names = Object.keys(layers);
    const handle = {map, element, words, shifts: Boolean(tiles.length && tiles[0].crs === 'gcj02'), at: (lat, lon) => (handle.shifts ? shift(lat, lon) : [lat, lon]), from: (lat, lon) => (handle.shifts ? unshift(lat, lon) : [lat, lon]), bounds: null};
    if (names.length) layers[names[0]].addTo(map);
    if (names.length > 1) L.control.layers(layers).addTo(map);
    const said = [element.dataset.approval, ...tiles.slice(0, 1).map(tile => tile.attribution)].filter(Boolean).join(' · ');
    if (said) {
      const corner = L.control({position: 'bottomright'});
      corner.onAdd = () => { const box = L.DomUtil.create('div', 'map-said'); box.textContent = said; return box; };
      corner.addTo(map);
    }
    return handle;
  };
  const turn = handle => ({coordsToLatLng: ([lon, lat]) => L.latLng(...handle.at(lat, lon))});
  const get = async url => { const answer = await fetch(url, {headers: {Accept: 'application/geo+json'}, credentials: 'same-origin'}); if (!answer.ok) throw new Error(String(answer.status)); return answer.json(); };

  /* areas: outlines under everything else; with names where there is room */
  const areas = (handle, collection, options = {}) => {
    const layer = L.geoJSON(collection, {
      ...turn(handle), interactive: false,
      style: {color: css('--map-line') || css('--ink-3'), weight: 1.5, fillColor: css('--brand-200'), fillOpacity: handle.element.dataset.tiles ? .12 : .5},
      onEachFeature: (feature, each) => { if (options.names !== false && feature.properties && feature.properties.name && collection.features.length > 1) each.bindTooltip(feature.properties.name, {permanent: true, direction: 'center', className: 'lmap-label'}); },
    }).addTo(handle.map);
    layer.bringToBack();
    const bounds = layer.getBounds();
    if (bounds.isValid()) handle.bounds = bounds;
    if (options.fit !== false && bounds.isValid()) handle.map.fitBounds(bounds.pad(.04), {animate: false});
    return layer;
  };

  /* points: the cases of the visible part; where they are many the server answers with counts per cell */
  const points = (handle, options) => {
    const {map, element} = handle;
    const layer = L.layerGroup().addTo(map), marks = new Map();
    const look = properties => {
      const left = properties.due ? Date.parse(properties.due) - Date.now() : null;
      const colour = left === null ? '--ink-3' : left < 0 ? '--card-r' : left < 7200000 ? '--card-y' : '--brand-600';
      return {radius: 7, weight: 2, color: css('--surface'), fillColor: css(colour), fillOpacity: 1};
    };
    const light = (number, on) => {
      const mark = marks.get(number);
      if (!mark) return;
      mark.setStyle(on ? {radius: 11, weight: 4, color: css('--focus')} : look(mark.properties));
      mark.setRadius(on ? 11 : 7);
      if (on) mark.bringToFront();
    };
    const pin = feature => {
      const {number, title} = feature.properties, [lon, lat] = feature.geometry.coordinates;
      const mark = L.circleMarker(handle.at(lat, lon), look(feature.properties)).addTo(layer);
      mark.properties = feature.properties;
      mark.bindTooltip(() => { const box = document.createElement('span'); box.textContent = `${title} · ${number}`; return box; });
      mark.on('mouseover', () => { light(number, true); if (options.over) options.over(number, true); });
      mark.on('mouseout', () => { light(number, false); if (options.over) options.over(number, false); });
      mark.on('click', () => { if (options.open) options.open(number); });
      marks.set(number, mark);
    };
    const cell = (feature, most) => {
      const count = feature.properties.count, shape = L.geoJSON(feature, {...turn(handle), style: {color: css('--surface'), weight: 1, fillColor: css('--brand-600'), fillOpacity: .2 + .65 * Math.sqrt(count / most)}}).addTo(layer);
      shape.bindTooltip(fill(handle.words.cell, {n: count.toLocaleString()}));
      shape.on('click', () => map.fitBounds(shape.getBounds()));
    };
    let asked = 0;
    const load = async () => {
      const box = map.getBounds(), [south, west] = handle.from(box.getSouth(), box.getWest()), [north, east] = handle.from(box.getNorth(), box.getEast());
      const round = value => value.toFixed(5), turnNo = ++asked;
      const url = `${options.url}${options.url.includes('?') ? '&' : '?'}bbox=${[Math.max(west, -180), Math.max(south, -90), Math.min(east, 180), Math.min(north, 90)].map(round).join(',')}`;
      try {
        const found = await get(url);
        if (turnNo !== asked) return;
        layer.clearLayers(); marks.clear();
        const cells = found.features.filter(each => each.geometry.type === 'Polygon');
        const most = Math.max(1, ...cells.map(each => each.properties.count));
        found.features.forEach(each => (each.geometry.type === 'Point' ? pin(each) : cell(each, most)));
        element.dataset.state = 'ready';
        if (options.loaded) options.loaded({pins: marks.size, cells: cells.length, cases: cells.reduce((sum, each) => sum + each.properties.count, marks.size)});
      } catch {
        element.dataset.state = 'failed';
        if (options.failed) options.failed();
      }
    };
    let waiting = 0;
    map.on('moveend', () => { clearTimeout(waiting); waiting = setTimeout(load, 150); });
    load();
    return {load, light, has: number => marks.has(number), show: number => { const mark = marks.get(number); if (mark && !map.getBounds().pad(-.1).contains(mark.getLatLng())) map.panTo(mark.getLatLng()); }};
  };

  /* pick: a point by a click, by dragging, or by the arrow keys on the pin; fields beside the map say the same */
  const pick = (handle, options) => {
    const {map} = handle;
    const icon = L.divIcon({className: '', html: '<div class="pin"></div>', iconSize: [26, 26], iconAnchor: [13, 30]});
    let marker = null;
    const tell = () => { const {lat, lng} = marker.getLatLng(), [y, x] = handle.from(lat, lng); options.picked(y, x); };
    const put = (lat, lon, loud) => {
      const place = handle.at(lat, lon);
      if (marker) marker.setLatLng(place);
      else {
        marker = L.marker(place, {icon, draggable: true, keyboard: true, alt: handle.words.pin || '', title: handle.words.pin || '', autoPan: true}).addTo(map);
        marker.on('dragend', tell);
        marker.getElement().addEventListener('keydown', event => {
          const step = {ArrowUp: [0, -10], ArrowDown: [0, 10], ArrowLeft: [-10, 0], ArrowRight: [10, 0]}[event.key];
          if (!step) return;
          event.preventDefault(); event.stopPropagation();
          marker.setLatLng(map.containerPointToLatLng(map.latLngToContainerPoint(marker.getLatLng()).add(step)));
          tell();
        });
      }
      if (loud) tell();
    };
    map.on('click', event => { const [lat, lon] = handle.from(event.latlng.lat, event.latlng.lng); put(lat, lon, true); });
    return {put: (lat, lon, zoom = 16) => { put(lat, lon, false); map.setView(handle.at(lat, lon), Math.max(map.getZoom() || 0, zoom)); }, clear: () => { if (marker) { marker.remove(); marker = null; } }};
  };

  /* choropleth: areas filled by a figure in four steps; the label stands on each, the table beside says the same */
  const choropleth = (handle, collection, options) => {
    const figures = collection.features.map(options.value).filter(value => value !== null && value !== undefined).sort((a, b) => a - b);
    const step = value => Math.min(3, Math.floor(4 * figures.findIndex(each => each >= value) / Math.max(1, figures.length)));
    const grounds = ['--score-4', '--score-3', '--score-2', '--score-1'], back = options.reversed ? 3 : 0;
    const layer = L.geoJSON(collection, {
      ...turn(handle),
      style: feature => { const value = options.value(feature), none = value === null || value === undefined; return {color: css('--surface'), weight: 1.5, fillColor: none ? css('--grey-bg') : css(grounds[Math.abs(back - step(value))]), fillOpacity: .95}; },
      onEachFeature: (feature, each) => {
        const value = options.value(feature), dark = value !== null && value !== undefined && Math.abs(back - step(value)) === 3;
        const box = document.createElement('span'); box.textContent = options.label(feature, value);
        each.bindTooltip(box, {permanent: collection.features.length <= 40, direction: 'center', className: dark ? 'lmap-label on-dark' : 'lmap-label'});
        if (options.open) each.on('click', () => options.open(feature));
      },
    }).addTo(handle.map);
    if (layer.getBounds().isValid()) handle.map.fitBounds(layer.getBounds().pad(.03), {animate: false});
    return layer;
  };

  const ground = async (handle, fit = true) => {
    const url = handle.element.dataset.outlines;
    if (!url) return;
    try { areas(handle, await get(url), {fit}); } catch { /* the map works without outlines */ }
  };
  const number = text => (text === undefined || text === '' || Number.isNaN(Number(text)) ? null : Number(text));

  /* maps that a page only names: data-map says which kind, the other data attributes say with what */
  const kinds = {
    point: element => {
      const handle = base(element, {still: true}), lat = number(element.dataset.lat), lon = number(element.dataset.lon);
      const outline = document.getElementById(element.dataset.outline || '');
      handle.map.setView(handle.at(lat, lon), 14);
      if (outline) areas(handle, {type: 'FeatureCollection', features: [{type: 'Feature', properties: {}, geometry: JSON.parse(outline.textContent)}]});
      const icon = L.divIcon({className: '', html: '<div class="pin"></div>', iconSize: [26, 26], iconAnchor: [13, 30]});
      L.marker(handle.at(lat, lon), {icon, interactive: false, keyboard: false}).addTo(handle.map);
      return handle;
    },
    points: async element => {
      const handle = base(element), list = document.querySelector(element.dataset.list || ':not(*)'), said = document.querySelector(element.dataset.said || ':not(*)');
      const given = json(element.dataset.box, null), box = given && given.length === 4 ? given : null;
      handle.map.setView([35, 105], 4);
      await ground(handle, !box);
      if (box) handle.map.fitBounds([handle.at(box[1], box[0]), handle.at(box[3], box[2])], {animate: false, padding: [24, 24], maxZoom: 16});
      const row = no => list && [...list.querySelectorAll('[data-case]')].find(each => each.dataset.case === no);
      const drawn = points(handle, {
        url: element.dataset.points,
        over: (no, on) => { const line = row(no); if (line) { line.classList.toggle('lit', on); if (on) line.scrollIntoView({block: 'nearest'}); } },
        open: no => { location.href = element.dataset.open.replace('NUMBER', encodeURIComponent(no)); },
        loaded: ({cases, cells}) => { if (said) said.textContent = fill(cells ? handle.words.cells : handle.words.pins, {n: cases.toLocaleString()}); },
        failed: () => { if (said) said.textContent = handle.words.failed || ''; },
      });
      if (!list) return handle;
      [['mouseover', true], ['mouseout', false], ['focusin', true], ['focusout', false]].forEach(([name, on]) => list.addEventListener(name, event => {
        const line = event.target.closest('[data-case]');
        if (!line) return;
        drawn.light(line.dataset.case, on);
        if (on && name === 'focusin') drawn.show(line.dataset.case);
      }));
      return handle;
    },
    pick: async element => {
      const handle = base(element), lat = document.querySelector(element.dataset.latField), lon = document.querySelector(element.dataset.lonField);
      handle.map.setView([35, 105], 4);
      await ground(handle);
      const picking = pick(handle, {picked: (y, x) => {
        lat.value = y.toFixed(6); lon.value = x.toFixed(6);
        [lat, lon].forEach(field => field.dispatchEvent(new Event('input', {bubbles: true})));
        element.dispatchEvent(new CustomEvent('map:picked', {bubbles: true, detail: {lat: y, lon: x}}));
      }});
      const follow = () => { const y = number(lat.value), x = number(lon.value); if (y !== null && x !== null) picking.put(y, x); };
      [lat, lon].forEach(field => field.addEventListener('change', follow));
      element.addEventListener('map:put', event => picking.put(event.detail.lat, event.detail.lon));
      follow();
      return handle;
    },
    choropleth: async element => {
      const handle = base(element), given = document.getElementById(element.dataset.values || ''), values = given ? JSON.parse(given.textContent) : {};
      handle.map.setView([35, 105], 4);
      const url = element.dataset.outlines, inline = document.getElementById(element.dataset.areas || '');
      const collection = inline ? JSON.parse(inline.textContent) : await get(url);
      const entry = feature => values[feature.properties.code];
      collection.features = collection.features.filter(feature => entry(feature) !== undefined || inline);
      choropleth(handle, collection, {
        value: feature => { const found = entry(feature); return found === undefined ? null : typeof found === 'object' ? found.value : found; },
        label: (feature, value) => { const found = entry(feature); return found && found.label ? found.label : `${feature.properties.name} ${value === null ? '' : value}`; },
        open: feature => { const found = entry(feature); if (found && found.href) location.href = found.href; },
        reversed: element.dataset.reversed === 'true',
      });
      return handle;
    },
  };
  const begin = root => [...root.querySelectorAll('[data-map]')].forEach(element => {
    if (element.dataset.drawn || !kinds[element.dataset.map]) return;
    element.dataset.drawn = '1';
    kinds[element.dataset.map](element);
  });
  window.TownMap = {base, areas, points, pick, choropleth, begin};
  begin(document);
  document.addEventListener('htmx:after:swap', event => begin(event.target && event.target.querySelectorAll ? event.target : document));
})();
