// The words of the trunk doctor.

export default {
  doctor: "Проверить",
  doctor_title: "Проверка",
  doctor_again: "Проверить ещё раз",
  doctor_why: "Имя сервера, дорога до него, регистрация, пробный звонок на свой номер и звук в обе стороны. Это около минуты.",
  doctor_running: "Проверяем…",
  doctor_name: "Имя сервера:",
  doctor_server: "Сервер:",
  doctor_registration: "Регистрация:",
  doctor_call: "Пробный звонок:",
  doctor_sound: "Звук:",
  doctor_ok: "в порядке",
  doctor_bad: "беда",
  doctor_unclear: "неясно",
  doctor_skipped: "не смотрели",
  doctor_letter: "Письмо оператору",
  doctor_trials: "Пробные звонки, для любознательных",
  doctor_trial: ({ nth = 0, form = "" }) => `Звонок ${nth}, номер в виде ${form}`,
  doctor_fix: "Исправить",
  doctor_fixed: "Исправлено.",
};
