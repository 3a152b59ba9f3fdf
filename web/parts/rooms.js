// Conference rooms: a list, one of them open as a form. What is removed can be brought back.
import { html, useEffect, useState } from "../lib/preact.js";
import { Field, submit, useTask } from "./form.js";
import { Icon } from "./icons.js";

/**
 * @typedef {{ number: string, name: string, has_pin: boolean, pin?: string }} Room
 * @typedef {{ room: Room, etag: string }} Opened
 * @typedef {{ t: import("../words.js").Say, api: import("../api.js").Api, admin: boolean, onRefused: (error: unknown) => void }} Props
 */

const NEW = { number: "", name: "", has_pin: false, pin: "" };

/** @param {Props} props */
export function Rooms({ t, api, admin, onRefused }) {
  const [rooms, setRooms] = useState(/** @type {Room[] | null} */ (null));
  const [opened, setOpened] = useState(/** @type {Opened | null} */ (null));
  const [removed, setRemoved] = useState(/** @type {Room | null} */ (null));
  const { busy, fault, run } = useTask(t);
  const load = async () => setRooms(await api.all("conferences"));
  const task = (/** @type {() => Promise<void>} */ work) =>
    run(async () => {
      try {
        await work();
      } catch (error) {
        onRefused(error);
        throw error;
      }
    });
  useEffect(() => {
    task(load);
  }, []);
  const read = async (/** @type {string} */ number) => {
    const { value, etag } = await api.read(`conferences/${number}`);
    return { room: value, etag };
  };
  const open = (/** @type {string} */ number) => task(async () => setOpened(await read(number)));
  const close = () => setOpened(null);
  const save = (/** @type {Room} */ room) =>
    task(async () => {
      const body = { number: room.number, name: room.name, pin: room.pin ?? "" };
      if (opened?.etag) await api.write("PUT", `conferences/${opened.room.number}`, body, opened.etag);
      else await api.write("POST", "conferences", body);
      setOpened(null);
      setRemoved(null);
      await load();
    });
  const remove = (/** @type {string} */ number) =>
    task(async () => {
      const { room, etag } = await read(number); // with its PIN, for the way back
      await api.write("DELETE", `conferences/${number}`, undefined, etag);
      setRemoved(room);
      await load();
    });
  const restore = () =>
    task(async () => {
      if (removed) await api.write("POST", "conferences", { number: removed.number, name: removed.name, pin: removed.pin ?? "" });
      setRemoved(null);
      await load();
    });
  const free = Array.from({ length: 10 }, (_, nth) => String(800 + nth)).find((number) => !rooms?.some((room) => room.number === number));
  return html`<section class="card" aria-labelledby="rooms-title" aria-busy=${busy}>
    <header><h2 id="rooms-title">${t("rooms")}</h2></header>
    <p class="in second">${t("rooms_why")}</p>
    ${rooms === null && !fault && html`<p class="empty">${t("loading")}</p>`}
    ${rooms?.length === 0 && !opened && html`<p class="empty">${t("rooms_none")}</p>`}
    <ul>${rooms?.map((room) => html`<li class="room" key=${room.number}>
      <span class="who"><b>${room.number} ${room.name}</b><small>${t(room.has_pin ? "room_pin" : "room_open")}</small></span>
      ${admin && !opened && html`<button class="button quiet" type="button" disabled=${busy} onClick=${() => open(room.number)}>${t("change")}</button>
        <button class="button quiet square" type="button" disabled=${busy} title=${t("room_remove", room)} aria-label=${t("room_remove", room)} onClick=${() => remove(room.number)}><${Icon} name="close" /></button>`}
    </li>`)}</ul>
    <div role="status">${removed && html`<p class="in"><span class="note">${t("room_removed", removed)} <button class="button" type="button" disabled=${busy} onClick=${restore}>${t("bring_back")}</button></span></p>`}</div>
    <div role="alert">${fault && !(opened && fault.problem?.errors?.some(({ pointer }) => pointer)) && html`<p class="in fault">${fault.message}</p>`}</div>
    ${opened && html`<${Form} key=${opened.room.number} t=${t} opened=${opened} busy=${busy} fault=${fault} onSave=${save} onCancel=${close} />`}
    ${admin && !opened && rooms !== null && html`<footer class="card-foot save"><button class="button" type="button" onClick=${() => setOpened({ room: { ...NEW, number: free ?? "" }, etag: "" })}>${t("room_add")}</button></footer>`}
  </section>`;
}

/**
 * @param {{ t: import("../words.js").Say, opened: Opened, busy: boolean, fault: import("../api.js").Refused | null,
 *   onSave: (room: Room) => void, onCancel: () => void }} props
 */
function Form({ t, opened, busy, fault, onSave, onCancel }) {
  const [room, setRoom] = useState(opened.room);
  const field = (/** @type {"number" | "name" | "pin"} */ key) => ({
    id: `room-${key}`,
    value: room[key] ?? "",
    fault: fault?.at(`/${key}`),
    onValue: (/** @type {string} */ value) => setRoom({ ...room, [key]: value }),
  });
  return html`<form novalidate onSubmit=${submit(() => onSave(room))}>
    <div class="in form">
      <div class="pair"><${Field} ...${field("number")} label=${t("room_number")} hint=${t("room_number_rule")} digits first />
        <${Field} ...${field("pin")} label=${t("room_pin_field")} hint=${t("room_pin_rule")} digits optional /></div>
      <${Field} ...${field("name")} label=${t("room_name")} optional />
    </div>
    <footer class="card-foot save"><button class="button" type="button" onClick=${onCancel}>${t("cancel")}</button>
      <button class="button primary" disabled=${busy}>${t(busy ? "saving" : "save")}</button></footer>
  </form>`;
}
