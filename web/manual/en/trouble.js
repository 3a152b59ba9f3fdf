// The manual's last chapter: what does not work, where to look, and what to do.

/** @type {Record<string, import("../contents.js").Article>} */
export default {
  "no-incoming": {
    title: "The city can't reach us",
    why: "A call passes three places: the carrier, its way on the drawing, the telephone. We look where it gets lost.",
    steps: [
      "Open “City numbers”. The lamp of the number is not green? Open it and press “Check”: {check-number}.",
      "Call the number and open “Calls”. The call is not there? Then the carrier did not send it. Send them the “Letter to the carrier” of the check.",
      "The call is there? Press it: “How the call went” shows where it ended.",
      "On the page “Routing” the number must stand in an element “Incoming call”. See where that leads: {what-if}.",
      "Nobody can answer? The page “Now” shows which telephones are “offline”: {no-registration}.",
    ],
    good: ["A city number without a way on the drawing rings group 500."],
  },
  "carrier-password": {
    title: "The carrier refuses the password",
    why: "Beside the number stands ‘wrong password’, or the carrier refused the connection.",
    steps: [
      "Check “SIP login” and “SIP password” against your contract. The password of the carrier's site is another one: SIP has its own.",
      "Type the password again: copied from a letter it often has a space too many.",
      "Does the contract have a login for authentication, a domain or a proxy? Enter them: “Advanced”, “Login for authentication”, “Domain”, “Outbound proxy”.",
      "Press “Check”. When the carrier still refuses, send them the “Letter to the carrier”.",
    ],
    good: ["Some carriers close the door for an hour after many mistakes. Then the right password fails too: wait."],
  },
  "no-registration": {
    title: "A telephone does not connect",
    why: "Beside the number stands “not seen yet” or “offline”.",
    steps: [
      "“not seen yet”: the box has never heard of the telephone. Is it in the same network as the box? Is the “Server” right? It stands in “How to set up”.",
      "Enter the login again and whole, with its + sign. Login and authentication name are the same in the telephone.",
      "Enter the password again. It does not help? “Make a new one”, “Save”, and enter the new one in the telephone.",
      "“Where it may connect from” keeps out telephones from elsewhere. The button “Everywhere” allows any address.",
      "Switch STUN, proxy and NAT off in the telephone. Transport UDP, or TCP if that does not work.",
      "Many wrong passwords were tried? The box stops listening to such an address for a while. Unblock it: {guard}.",
    ],
    good: ["A network of telephones that the box does not know goes into “Own networks” on the page “Protection”: the box never locks it out.", "A telephone at home, behind another router? Switch ‘SIP ALG’ off in that router."],
  },
  "two-phones": {
    title: "Two telephones with one login",
    why: "It works: both ring. But nobody can tell later which of them is offline and which was not answered.",
    steps: [
      ["Open the employee's number and press “SIP telephone” below his telephones: a second one appears, with its own login and password.", "trouble-two-phones"],
      "Press “Save”, then “How to set up” beside the second telephone, and enter that in it.",
      "Choose “Ring together” or “One by one”.",
    ],
    good: ["Each telephone has its own seconds of ringing, its own forwarding and its own lamp.", "A new password disconnects only the telephone for which it was made."],
  },
  "call-refused": {
    title: "An outgoing call fails",
    why: "The box knows why: the cause stands in the history.",
    steps: [
      "Open “Calls” and press the call. The last line of its story says how it ended.",
      "“This number may not call there”: give it the right, {rights}.",
      "“No city number is working”: {check-number}.",
      "“All lines of the city number are taken”: get another line from the carrier, or look at “Calls at a time” in “Advanced” of the city number.",
      "“There is no such number”: dial 8 or +7 and ten digits; abroad 810 and the code of the country. How the box understands a number shows on the page “Now” in the card “Call”.",
      "“The phones have no codec in common”: switch G.711 (PCMA) on in the telephone.",
    ],
  },
  "call-stopped": {
    title: "The box stops an outside call",
    why: "The number has come to a limit, or calls a blocked country, or calls in quiet hours. So the box saves your money.",
    steps: [
      ["Open “Protection”: the event says who called and what stopped it.", "stopped"],
      "The call is needed? Press “Allow for an hour”: for an hour this number calls without limits.",
      ["The same without an event: the card “Allowed beyond the limits”, choose the number and press “Allow for an hour”.", "stopped-allow"],
      "Every day again? Raise the limit of this number: {limits}.",
      "Nobody called? The password was stolen. Open the number, press “Make a new one” at its telephone and enter the new password there.",
    ],
    good: ["It gives the number no new rights: the right to call abroad is given by itself, {rights}."],
  },
  "one-way-sound": {
    title: "Sound goes one way only, or calls break after half a minute",
    why: "Nearly always the sound is lost between the telephone and the box: something on the way rewrites addresses.",
    steps: [
      "Open “Calls”, press the call and unfold “How it sounded”: there you see whose sound did not come.",
      "A telephone of the office is not heard? Switch STUN, NAT and proxy off in it; switch rport on if there is such a setting.",
      "Switch ‘SIP ALG’ or ‘SIP helper’ off in the router. That is the most frequent cause.",
      "The city is not heard? Open the city number and press “Check”: it listens both ways. Send the “Letter to the carrier”.",
      "The telephone is at home or in another office? Try the transport TCP in it.",
    ],
    good: ["The box itself ends a call that has no sound for long: “There was no sound for long”.", "No ports have to be forwarded to the box."],
  },
  "bad-sound": {
    title: "The sound breaks up",
    why: "A part of the sound gets lost in the network. The box counts how much, and on which side.",
    steps: [
      "Open “Calls” and press the call: “good sound”, “fair sound” or “poor sound”. “How it sounded” tells on whose side it was lost.",
      "It is one telephone? Take another cable, or a cable instead of Wi-Fi. Dial `*43` on it: you hear yourself.",
      "All calls with the city? Is the internet busy with a big download? Let the router put voice first.",
      "Fine inside the office, but bad with the city at any hour? That is for the carrier: “Check”, “Letter to the carrier”.",
    ],
  },
  "keys-not-heard": {
    title: "The menu hears no keys",
    why: "The caller presses a key, and the box repeats the greeting.",
    steps: [
      ["Open “Calls” and press the call: its story has each key that was heard. It isn't there? The key did not reach the box.", "trouble-keys"],
      ["Open the menu in “Voice menus”. “Wait for a key, s”: give it 5 seconds or more.", "trouble-menu"],
      "See on the page “Routing” where the key leads. Without a link it counts as a wrong key.",
      "Try another telephone. A telephone of the office sends keys as RFC 2833 (telephone-event).",
      "All are heard but those from the city? Tell the carrier: keys don't come through, we need RFC 2833.",
    ],
    good: ["The box also understands keys that are sent as sound or by SIP INFO."],
  },
  "wrong-number-shown": {
    title: "Others see the wrong number",
    why: "The box names the number, but the carrier shows it.",
    steps: [
      ["Open the employee's number and look at “Number for outgoing calls”.", "trouble-shown"],
      ["Open the city number, “Advanced”, “Where the carrier expects your number”. Ask the carrier what to choose; often it is P-Asserted-Identity.", "trouble-caller-id"],
      "A carrier shows only the numbers of your contract. Enter all of them in “Further numbers of this line”.",
    ],
    good: ["A forwarded call shows the caller's number if the carrier allows that, else the office's."],
  },
  "no-recording": {
    title: "A call was not recorded",
    why: "Calls of those numbers are recorded where recording is switched on.",
    steps: [
      ["Open the number that talked: is “Record calls” on? It holds from the next call on.", "trouble-record"],
      "Was there a talk? A call without an answer is not recorded.",
      ["Open “Office”, “Recordings”: is the time over, is there too little room?", "trouble-kept"],
      "The recording is there, but you can't hear it? An administrator allows it: “Accounts”, “May hear recordings”.",
    ],
  },
  "page-warning": {
    title: "The browser warns of a certificate",
    why: "The box stands in your network and makes its certificate itself. The browser does not know it yet, but the connection is encrypted all the same.",
    steps: [
      "Compare the address in the browser with that on the box's screen. They are the same? Then there is nothing to fear.",
      "Chrome, Edge: press ‘Advanced’, then ‘Proceed’. Firefox: ‘Advanced’, ‘Accept the Risk and Continue’.",
      "The browser asks once.",
    ],
    good: ["When the warning comes after it has long been away, check the address first."],
  },
  "lost-password": {
    title: "A lost password, or a lost telephone with the codes",
    why: "Telephones and calls don't depend on it: they go on.",
    steps: [
      "There is another administrator? He opens “Accounts”, finds you there and enters a “New password”. “Take the second factor away” is there too.",
      "There is none? Type `dozvon user set-password admin` on the box itself: it prints a password for one sign-in.",
      "The box says that there were too many wrong passwords? Wait some minutes, or sign in at another computer.",
    ],
  },
};
