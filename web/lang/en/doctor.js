// The words of the trunk doctor.

export default {
  doctor: "Check",
  doctor_title: "Check-up",
  doctor_again: "Check again",
  doctor_why: "The server's name, the way to it, the registration, a trial call to your own number, and sound both ways. It takes about a minute.",
  doctor_running: "Checking…",
  doctor_name: "Server name:",
  doctor_server: "Server:",
  doctor_registration: "Registration:",
  doctor_call: "Trial call:",
  doctor_sound: "Sound:",
  doctor_ok: "fine",
  doctor_bad: "wrong",
  doctor_unclear: "unclear",
  doctor_skipped: "not looked at",
  doctor_letter: "Letter to the carrier",
  doctor_trials: "Trial calls, for the curious",
  doctor_trial: ({ nth = 0, form = "" }) => `Call ${nth}, the number sent as ${form}`,
  doctor_fix: "Mend it",
  doctor_fixed: "Mended.",
};
