// «Расписания»: hours of the week, special days, holidays; the week drawn as bars, and what it says of this moment.
import { date, dayAndMonth, later } from "../format.js";
import { html } from "../lib/preact.js";
import { Field, Sect } from "../parts/form.js";
import { Icon } from "../parts/icons.js";
import { ItemPage, useItem } from "../parts/item.js";
import { List, useList } from "../parts/list.js";
import { DAYS, clock, dayAfter, days, minutes, range, spelled, verdict, week, withLunch } from "../timetable.js";

/** @param {any} props */
export function Schedules(props) {
  const { rest } = props;
  return rest[0] ? html`<${Schedule} key=${rest[0]} ...${props} name=${rest[0]} />` : html`<${All} ...${props} />`;
}

/** What clocks of the office show. @param {any} props @returns {import("../timetable.js").Civil} */
function civil({ box, now }) {
  const time = later(box.system.time, now + box.skew - Date.parse(box.system.time));
  return { date: date(time), minute: minutes(time.slice(11, 16)) };
}

/** "открыто до 18:00", with its lamp. @param {any} props */
function Verdict({ timetable, ...props }) {
  const { t, language } = props;
  const at = civil(props);
  const { open, until } = verdict(timetable, at);
  const day = until && (until.date === at.date ? "" : `${dayAndMonth(until.date, language)}, `);
  const when = until && `${day}${clock(until.minute).replace(/^0/, "")}`;
  const word = open ? (when ? t("schedule_open_until", { when }) : t("schedule_open")) : when ? t("schedule_closed_until", { when }) : t("schedule_closed");
  return html`<span class=${`lamp ${open ? "ok" : "off"}`}>${word}</span>`;
}

/** @param {any} props */
function All(props) {
  const { t, admin } = props;
  const { rows, fault, load } = useList(props, "schedules");
  const columns = [
    { head: t("schedule_name"), cell: (/** @type {any} */ row) => html`<b>${row.name}</b>` },
    { head: t("schedule_now"), cell: (/** @type {any} */ row) => html`<${Verdict} ...${props} timetable=${row} />` },
    { head: t("schedule_hours"), cell: (/** @type {any} */ row) => row.hours.map((/** @type {any} */ entry) => `${dayWords(days(entry.days), t)} ${entry.from}–${entry.to}`).join(", ") || t("schedule_hours_none"), look: "second" },
  ];
  return html`<${List} t=${t} collection="schedules" title=${t("schedules")} why=${t("schedules_why")} add=${t("schedules_add")} rows=${rows} fault=${fault} onAgain=${load} keyed="name" columns=${columns}
    words=${(/** @type {any} */ row) => row.name} empty=${t("schedules_none")} admin=${admin} />`;
}

/**
 * @param {boolean[]} on
 * @param {import("../words.js").Say} t
 */
function dayWords(on, t) {
  return spelled(on)
    .split(",")
    .filter(Boolean)
    .map((run) => run.split("-").map((day) => t(/** @type {"day_mon"} */ (`day_${day}`))).join("–"))
    .join(", ");
}

/** @param {any} props */
function Schedule(props) {
  const { t, api, name, admin } = props;
  const all = useList(props, "schedules");
  const blank = async () => ({ name: (await api.all("schedules")).length ? "" : t("schedule_example"), hours: [{ days: "mon-fri", from: "09:00", to: "18:00" }], except: [], closed: [] });
  const item = useItem(props, { collection: "schedules", name, keyed: "name", blank, send });
  const { draft, edit, fault, fresh, was } = item;
  /** @type {Record<string, string>} */
  const labels = { name: t("schedule_name"), hours: t("schedule_hours"), except: t("schedule_except"), closed: t("schedule_holidays") };
  const others = (all.rows ?? []).filter((one) => one.name !== name).map((one) => ({ key: one.name, text: one.name }));
  if (!draft) return html`<${ItemPage} item=${item} admin=${admin} title=${name} labels=${labels} />`;
  return html`<${ItemPage} item=${item} admin=${admin} title=${fresh ? t("schedule_new") : was.name} labels=${labels} others=${others} second=${html`${t("schedule_now")}: <${Verdict} ...${props} timetable=${draft} />`}>
    <${Sect} id="hours" title=${t("schedule_hours")} help=${html`<p>${t("schedule_hours_why")}</p>`}>
      <div class="cols"><${Field} id="schedule-name" label=${t("schedule_name")} span=${6} first=${fresh} value=${draft.name} fault=${fault?.at("/name")} placeholder=${t("schedule_example")} onValue=${(/** @type {string} */ value) => edit({ name: value })} /></div>
      <${Week} t=${t} hours=${draft.hours} />
      <${Hours} t=${t} item=${item} />
    <//>
    <${Special} ...${props} item=${item} />
    <${Holidays} ...${props} item=${item} />
  <//>`;
}

/** Half-filled rows are no rows. @param {any} body */
function send(body) {
  return { ...body, hours: body.hours.filter((/** @type {any} */ one) => one.days), except: body.except.filter((/** @type {any} */ one) => one.date), closed: body.closed.filter((/** @type {string} */ one) => one && one !== "..") };
}

/** The week as bars. @param {any} props */
function Week({ t, hours }) {
  const bars = week(hours);
  const part = (/** @type {number} */ minute) => `${(minute / 1440) * 100}%`;
  const list = bars.map((day, nth) => `${t(`day_${DAYS[nth] ?? "mon"}`)} ${day.map(({ from, to }) => `${clock(from)}–${clock(to)}`).join(" ") || t("schedule_closed")}`).join(", ");
  return html`<div class="week" role="img" aria-label=${t("schedule_week", { list })}>
    ${bars.map((day, nth) => html`<div class="week-day"><span>${t(`day_${DAYS[nth] ?? "mon"}`)}</span><div class="week-bar">${day.map(({ from, to }) => html`<i style=${{ left: part(from), width: part(to - from) }}></i>`)}</div></div>`)}
    <div class="week-day"><span></span><div class="week-scale">${[0, 6, 12, 18, 24].map((at) => html`<span style=${{ left: part(at * 60) }}>${at}</span>`)}</div></div>
  </div>`;
}

/** @param {any} props */
function Hours({ t, item }) {
  const { draft, edit, fault } = item;
  const set = (/** @type {any[]} */ hours) => edit({ hours });
  const change = (/** @type {number} */ nth, /** @type {any} */ part) => set(draft.hours.map((/** @type {any} */ one, /** @type {number} */ at) => (at === nth ? { ...one, ...part } : one)));
  const add = (/** @type {any} */ entry) => set([...draft.hours, entry]);
  return html`${draft.hours.length === 0 && html`<p class="note warn"><${Icon} name="alert" />${t("schedule_hours_none")}</p>`}
    <ul class="spans">${draft.hours.map((/** @type {any} */ entry, /** @type {number} */ nth) => html`<li key=${nth} class="span">
      <${Days} t=${t} value=${entry.days} fault=${fault?.at(`/hours/${nth}/days`)} onValue=${(/** @type {string} */ value) => change(nth, { days: value })} />
      <${Times} t=${t} id=${`hours-${nth}`} entry=${entry} at=${(/** @type {string} */ key) => fault?.at(`/hours/${nth}/${key}`) || fault?.at(`/hours/${nth}`)} onChange=${(/** @type {any} */ part) => change(nth, part)} />
      ${withLunch(entry).length > 1 && html`<button class="button quiet" type="button" onClick=${() => set([...draft.hours.slice(0, nth), ...withLunch(entry), ...draft.hours.slice(nth + 1)])}>${t("schedule_lunch")}</button>`}
      <button class="button quiet square" type="button" title=${t("schedule_row_remove")} aria-label=${t("schedule_row_remove")} onClick=${() => set(draft.hours.filter((/** @type {any} */ one) => one !== entry))}><${Icon} name="close" /></button>
    </li>`)}</ul>
    <div class="adds">
      <button class="button" type="button" onClick=${() => add({ days: "sat", from: "10:00", to: "15:00" })}><${Icon} name="plus" />${t("schedule_hours_add")}</button>
      ${draft.hours.length === 0 && html`<button class="button" type="button" onClick=${() => add({ days: "mon-fri", from: "09:00", to: "18:00" })}>${t("schedule_workdays")}</button>
        <button class="button" type="button" onClick=${() => add({ days: "mon-sun", from: "00:00", to: "24:00" })}>${t("schedule_always")}</button>`}
    </div>`;
}

/** @param {any} props */
function Days({ t, value, fault, onValue }) {
  const on = days(value);
  const turn = (/** @type {number} */ nth) => onValue(spelled(on.map((is, day) => (day === nth ? !is : is))));
  return html`<div class="field"><div class="days" role="group" aria-label=${t("schedule_days")}>
    ${DAYS.map((day, nth) => html`<button type="button" aria-pressed=${String(on[nth])} onClick=${() => turn(nth)}>${t(`day_${day}`)}</button>`)}</div>
    ${fault && html`<small class="fault">${fault}</small>`}</div>`;
}

/** From and to. A day's end is midnight of the next. @param {any} props */
function Times({ t, id, entry, at, onChange }) {
  const night = minutes(entry.to) <= minutes(entry.from) && minutes(entry.to) > 0;
  const field = (/** @type {"from" | "to"} */ key) => {
    const value = entry[key] === "24:00" ? "00:00" : entry[key].padStart(5, "0");
    const wrong = at(key);
    const typed = (/** @type {InputEvent} */ event) => {
      const text = /** @type {HTMLInputElement} */ (event.target).value;
      onChange({ [key]: key === "to" && text === "00:00" ? "24:00" : text });
    };
    return html`<label class="time"><span class="unseen">${t(key === "from" ? "schedule_from" : "schedule_to")}</span><input class="input" type="time" id=${`${id}-${key}`} value=${value} aria-invalid=${wrong ? "true" : null} onInput=${typed} /></label>`;
  };
  const wrong = at("from") || at("to");
  return html`<div class="times">${field("from")}<span aria-hidden="true">–</span>${field("to")}${night && html`<small class="hint">${t("schedule_night")}</small>`}${wrong && html`<small class="fault">${wrong}</small>`}</div>`;
}

/** @param {any} props */
function Special({ item, ...props }) {
  const { t } = props;
  const { draft, edit, fault } = item;
  const set = (/** @type {any[]} */ except) => edit({ except });
  const change = (/** @type {number} */ nth, /** @type {any} */ part) => set(draft.except.map((/** @type {any} */ one, /** @type {number} */ at) => (at === nth ? { ...one, ...part } : one)));
  const today = civil(props).date;
  return html`<${Sect} id="except" title=${t("schedule_except")} help=${html`<p>${t("schedule_except_why")}</p>`}>
    <ul class="spans">${draft.except.map((/** @type {any} */ entry, /** @type {number} */ nth) => html`<li key=${nth} class="span">
      <${Day} id=${`except-${nth}`} label=${t("schedule_date")} value=${entry.date} fault=${fault?.at(`/except/${nth}/date`)} onValue=${(/** @type {string} */ value) => change(nth, { date: value })} />
      <${Times} t=${t} id=${`except-${nth}`} entry=${entry} at=${(/** @type {string} */ key) => fault?.at(`/except/${nth}/${key}`)} onChange=${(/** @type {any} */ part) => change(nth, part)} />
      ${entry.date && entry.date < today && html`<small class="hint">${t("schedule_passed")}</small>`}
      <button class="button quiet square" type="button" title=${t("schedule_remove")} aria-label=${`${t("schedule_remove")} ${entry.date}`} onClick=${() => set(draft.except.filter((/** @type {any} */ one) => one !== entry))}><${Icon} name="close" /></button>
    </li>`)}</ul>
    <div class="adds"><button class="button" type="button" onClick=${() => set([...draft.except, { date: dayAfter(today), from: "09:00", to: "15:00" }])}><${Icon} name="plus" />${t("schedule_except_add")}</button></div>
  <//>`;
}

/** @param {any} props */
function Day({ id, label, value, fault, onValue }) {
  return html`<div class=${fault ? "field bad" : "field"}><label class="unseen" for=${id}>${label}</label>
    <input class="input" type="date" id=${id} value=${value} aria-invalid=${fault ? "true" : null} onInput=${(/** @type {InputEvent} */ event) => onValue(/** @type {HTMLInputElement} */ (event.target).value)} />
    ${fault && html`<small class="fault">${fault}</small>`}</div>`;
}

/** @param {any} props */
function Holidays({ item, ...props }) {
  const { t } = props;
  const { draft, edit, fault } = item;
  const set = (/** @type {string[]} */ closed) => edit({ closed });
  const change = (/** @type {number} */ nth, /** @type {string} */ first, /** @type {string} */ last) => set(draft.closed.map((/** @type {string} */ one, /** @type {number} */ at) => (at === nth ? (first === last || !last ? first : `${first}..${last}`) : one)));
  const today = civil(props).date;
  return html`<${Sect} id="closed" title=${t("schedule_holidays")} help=${html`<p>${t("schedule_holidays_why")}</p>`}>
    <ul class="spans">${draft.closed.map((/** @type {string} */ text, /** @type {number} */ nth) => {
      const [first, last] = range(text);
      return html`<li key=${nth} class="span">
        <${Day} id=${`closed-${nth}-first`} label=${t("schedule_first")} value=${first} fault=${fault?.at(`/closed/${nth}`)} onValue=${(/** @type {string} */ value) => change(nth, value, last < value || first === last ? value : last)} />
        <span aria-hidden="true">–</span>
        <${Day} id=${`closed-${nth}-last`} label=${t("schedule_last")} value=${last} onValue=${(/** @type {string} */ value) => change(nth, first, value)} />
        ${last && last < today && html`<small class="hint">${t("schedule_passed")}</small>`}
        <button class="button quiet square" type="button" title=${t("schedule_remove")} aria-label=${`${t("schedule_remove")} ${text}`} onClick=${() => set(draft.closed.filter((/** @type {string} */ _, /** @type {number} */ at) => at !== nth))}><${Icon} name="close" /></button>
      </li>`;
    })}</ul>
    <div class="adds"><button class="button" type="button" onClick=${() => set([...draft.closed, dayAfter(today)])}><${Icon} name="plus" />${t("schedule_holidays_add")}</button></div>
  <//>`;
}
