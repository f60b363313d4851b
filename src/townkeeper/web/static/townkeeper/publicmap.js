/* Maps of the public pages: outlines of areas and coarse points. Tiles only where the office has set them. */
(() => {
  'use strict';
  document.querySelectorAll('[data-js]').forEach(part => { part.hidden = false; });
  if (!window.L) return;
  const style = getComputedStyle(document.documentElement);
  const colour = name => style.getPropertyValue(name).trim();
  const get = async address => { try { const answer = await fetch(address); return answer.ok ? await answer.json() : null; } catch { return null; } };

  const draw = element => {
    const isCalm = matchMedia('(prefers-reduced-motion: reduce)').matches;
    const map = L.map(element, {attributionControl: false, zoomControl: false, zoomAnimation: !isCalm, fadeAnimation: !isCalm, inertia: !isCalm, zoomSnap: .25, minZoom: 3, maxZoom: 18, scrollWheelZoom: element.dataset.points !== undefined});
    L.control.zoom({zoomInTitle: element.dataset.nearer || '+', zoomOutTitle: element.dataset.farther || '-'}).addTo(map);
    const edges = (element.dataset.edges || '').split(',').map(Number);
    if (edges.length === 4) map.fitBounds([[edges[1], edges[0]], [edges[3], edges[2]]]);
    else map.setView([35, 104], 4);
    if (element.dataset.tiles) L.tileLayer(element.dataset.tiles, {maxZoom: 18}).addTo(map);
    get(element.dataset.areas).then(areas => {
      if (!areas) return;
      L.geoJSON(areas, {interactive: false, style: feature => ({color: colour('--field'), weight: 1.5, fillColor: colour('--brand-100'), fillOpacity: element.dataset.tiles ? .15 : feature.properties.level ? .5 : .9})}).addTo(map).bringToBack();
      areas.features.filter(feature => feature.properties.level && areas.features.length > 1).forEach(feature => {
        const name = document.createTextNode(feature.properties.name), middle = L.geoJSON(feature).getBounds().getCenter();
        L.tooltip({permanent: true, direction: 'center', className: 'lmap-label', interactive: false}).setLatLng(middle).setContent(name).addTo(map);
      });
    });
    L.control.scale({imperial: false}).addTo(map);
    if (element.dataset.publicPoint) point(map, element.dataset.publicPoint.split(',').map(Number), element.dataset.tiles);
    if (element.dataset.points) points(map, element.dataset.points);
    if (element.dataset.pick !== undefined) pick(map);
    return map;
  };

  /* one case, no nearer than about 100 metres */
  const point = (map, at, tiles) => {
    L.circle(at, {radius: 100, color: colour('--bad'), weight: 2, fillOpacity: .25, interactive: false}).addTo(map);
    L.circleMarker(at, {radius: 8, color: colour('--bad'), weight: 3, fillOpacity: .3, interactive: false}).addTo(map);
    /* without tiles a street is a white sheet: then the whole outline says more */
    if (tiles) map.setView(at, 15);
  };

  const points = (map, address) => {
    map.createPane('dots').style.zIndex = 450; /* over the outlines */
    const layer = L.layerGroup().addTo(map), canvas = L.canvas({padding: .3, pane: 'dots'});
    let asked = 0;
    const load = async () => {
      const mine = asked += 1, box = map.getBounds();
      const bbox = [box.getWest(), box.getSouth(), box.getEast(), box.getNorth()].map((edge, n) => Math.max(n % 2 ? -90 : -180, Math.min(n % 2 ? 90 : 180, edge)).toFixed(5)).join(',');
      const found = await get(`${address}&bbox=${bbox}`);
      if (!found || mine !== asked) return;
      layer.clearLayers();
      found.features.forEach(feature => {
        const facts = feature.properties, [lon, lat] = feature.geometry.coordinates;
        if (facts.count) { L.marker([lat, lon], {icon: L.divIcon({className: '', html: `<span class="cellmark">${Number(facts.count)}</span>`}), interactive: false, keyboard: false}).addTo(layer); return; }
        const link = document.createElement('a'), state = document.createElement('div'), box2 = document.createElement('div');
        link.href = facts.href;
        link.textContent = facts.title;
        state.textContent = facts.state;
        box2.append(link, state);
        /* drawn, not elements: points lie over each other; the list beside the map has a link for each */
        const tone = colour(facts.stage === 'closed' ? '--ok' : '--warn');
        L.circleMarker([lat, lon], {renderer: canvas, pane: 'dots', radius: 8, weight: 2, color: colour('--surface'), fillColor: tone, fillOpacity: 1}).bindPopup(box2).addTo(layer);
      });
    };
    map.on('moveend', load);
    load();
  };

  /* choosing a place by a click, or by dragging the pin; the address field does the same without a map */
  const pick = map => {
    const pin = L.divIcon({className: '', html: '<div class="pin"></div>', iconSize: [26, 26], iconAnchor: [13, 30]});
    let marker = null;
    const tell = at => document.dispatchEvent(new CustomEvent('place:picked', {detail: {lon: at.lng, lat: at.lat}}));
    const set = where => {
      if (!where) { if (marker) { marker.remove(); marker = null; } return; }
      if (!marker) {
        marker = L.marker([where.lat, where.lon], {icon: pin, draggable: true, keyboard: false, alt: ''}).addTo(map);
        marker.on('dragend', () => tell(marker.getLatLng()));
      }
      marker.setLatLng([where.lat, where.lon]);
      if (!map.getBounds().contains(marker.getLatLng()) || map.getZoom() < 12) map.setView(marker.getLatLng(), Math.max(13, map.getZoom()));
    };
    map.on('click', event => tell(event.latlng));
    document.addEventListener('place:set', event => set(event.detail));
    const lon = document.querySelector('[name=lon]'), lat = document.querySelector('[name=lat]');
    if (lon && lon.value && lat.value) set({lon: Number(lon.value), lat: Number(lat.value)});
  };

  document.querySelectorAll('.map[data-areas]').forEach(draw);
})();
