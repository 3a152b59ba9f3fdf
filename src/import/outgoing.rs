//! Calls to the city: from the rules of another exchange to the rights of extensions, the number that each shows, the order of trunks and the
//! form in which they send numbers. Rules are asked what they would do with a number of each kind; what a PIN opens, or calls abroad that a
//! rule for everything opens, stays closed, and is told.

use std::collections::BTreeSet;

use super::dial::{Pattern, Rule};
use super::fit::Fitter;
use crate::number::{Class, Plan};
use crate::office::file::to_e164;
use crate::office::{NumberFormat, Permissions, Trunk};

/// A kind of number that may be called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sort {
    Mobile,
    LongDistance,
    City,
    Abroad,
}

/// The order in which a trunk of one's own is looked for.
const SORTS: [Sort; 4] = [Sort::Mobile, Sort::LongDistance, Sort::City, Sort::Abroad];

impl Sort {
    fn of(class: Class) -> Option<Self> {
        match class {
            Class::MobileRegion | Class::MobileNational => Some(Self::Mobile),
            Class::LongDistance => Some(Self::LongDistance),
            Class::City => Some(Self::City),
            Class::International => Some(Self::Abroad),
            Class::Emergency | Class::Premium => None,
        }
    }

    fn allow(self, permissions: &mut Permissions) {
        match self {
            Self::Mobile => (permissions.mobile_region, permissions.mobile_national) = (true, true),
            Self::LongDistance => permissions.long_distance = true,
            Self::City => permissions.city = true,
            Self::Abroad => permissions.international = true,
        }
    }
}

/// A number that somebody may dial.
struct Probe {
    sort: Sort,
    /// Digits, with the country's code.
    number: String,
    /// As people dial it, the most usual first.
    forms: Vec<Form>,
}

struct Form {
    dialled: String,
    /// What is dialled before it for the city; mostly nothing.
    after: &'static str,
}

impl Probe {
    /// The first form that the rule takes when this extension dials.
    fn taken(&self, rule: &Rule, from: &str) -> Option<&Form> {
        self.forms.iter().find(|form| rule.sends(from, &form.dialled).is_some())
    }
}

/// What the rules do for one extension.
struct Way<'r> {
    sort: Sort,
    rule: &'r Rule,
    /// It would take numbers within the country just as well.
    takes_all: bool,
}

impl<'a> Fitter<'a> {
    /// Rights, shown numbers and the order of trunks.
    pub(super) fn rights(&mut self) {
        let settings = self.imported.office.settings.clone();
        let Ok(plan) = Plan::load(&settings.country, &settings.area_code, None) else {
            return self.note(
                "План номеров страны не нашли: права на исходящие дайте сами.".to_owned(),
                "There is no numbering plan of the country: give the permissions for outgoing calls yourself."
                    .to_owned(),
            );
        };
        let probes = probes(&plan);
        self.order_trunks();
        self.formats(&plan, &probes);
        let own: BTreeSet<String> = self.imported.extensions.iter().cloned().collect();
        let mut extensions = self.imported.office.extensions.clone();
        let mut elsewhere: BTreeSet<(String, String)> = BTreeSet::new();
        for extension in extensions.iter_mut().filter(|one| own.contains(&one.number)) {
            let ways = self.ways_of(&extension.number, &probes);
            for way in ways.iter().filter(|way| way.sort != Sort::Abroad || !way.takes_all) {
                way.sort.allow(&mut extension.permissions);
            }
            let usual = ways.first().map(|way| way.rule);
            let wanted = std::mem::take(&mut extension.outgoing_number);
            extension.outgoing_number = self.shown(&extension.number, &wanted, usual);
            let trunk = self.imported.office.trunk_of(&extension.outgoing_number).map(|trunk| trunk.name.clone());
            for way in &ways {
                let other = self.trunk_of(way.rule).filter(|other| Some(&other.name) != trunk.as_ref());
                elsewhere.extend(other.map(|other| (way.rule.name.clone(), other.name.clone())));
            }
        }
        self.imported.office.extensions = extensions;
        self.tell_rules(&probes, &plan);
        for (rule, trunk) in elsewhere {
            self.note(
                format!("Правило исходящих «{rule}»: такие звонки уходили через «{trunk}». Здесь звонок уходит через тот внешний номер, что выбран у сотрудника, а не работает он, через остальные по порядку."),
                format!("Outgoing rule {rule}: such calls left by {trunk}. Here a call leaves by the city number that is chosen for the extension, and by the others in their order when that one is down."),
            );
        }
    }

    /// What an extension may call, by which rule; one entry a sort, by [`SORTS`]. The first rule that takes a number has it, so that one
    /// with a PIN closes it. Of those before a PIN one for calls abroad alone is better than one for everything.
    fn ways_of(&self, from: &str, probes: &[Probe]) -> Vec<Way<'a>> {
        let found = self.found;
        let mut ways = Vec::new();
        for sort in SORTS {
            let way = |probe: &Probe| {
                let taking = found.rules.iter().filter(|rule| probe.taken(rule, from).is_some());
                let open: Vec<&Rule> = taking.take_while(|rule| !rule.pin).collect();
                let own = open.iter().find(|rule| !takes_all(rule, from, probe, probes));
                let rule = own.or(open.first())?;
                Some(Way { sort, rule, takes_all: own.is_none() })
            };
            let taking: Vec<Way<'a>> = probes.iter().filter(|probe| probe.sort == sort).filter_map(way).collect();
            let best = taking.iter().position(|way| !way.takes_all).unwrap_or(0);
            ways.extend(taking.into_iter().nth(best));
        }
        ways
    }

    /// The first trunk of a rule that is here.
    fn trunk_of(&self, rule: &Rule) -> Option<&Trunk> {
        rule.trunks.iter().find_map(|name| self.imported.office.trunk(name))
    }

    /// The number that an extension shows: its own, else the rule's, else that of the rule's trunk.
    fn shown(&mut self, extension: &str, wanted: &str, rule: Option<&Rule>) -> String {
        let office = &self.imported.office;
        let ours = |text: &str| to_e164(text, &office.settings).filter(|number| office.trunk_of(number).is_some());
        if let Some(number) = ours(wanted) {
            return number;
        }
        let of_rule = rule.and_then(|rule| ours(&rule.shows));
        let of_trunk = rule.and_then(|rule| self.trunk_of(rule)).map(|trunk| trunk.number.clone());
        let number = of_rule.or(of_trunk).unwrap_or_default();
        if !wanted.is_empty() {
            self.note(
                format!("{extension}: показывал в городе {wanted}, такого внешнего номера здесь нет."),
                format!("{extension}: showed {wanted} outside, which is no city number here."),
            );
        }
        number
    }

    /// New trunks stand in the order in which rules name them.
    fn order_trunks(&mut self) {
        let named: Vec<&String> = self.found.rules.iter().flat_map(|rule| &rule.trunks).collect();
        let new = self.imported.trunks.clone();
        let place = |name: &String| named.iter().position(|one| *one == name).unwrap_or(named.len());
        self.imported.trunks.sort_by_key(place);
        self.office().trunks.sort_by_key(|trunk| new.contains(&trunk.name).then(|| place(&trunk.name) + 1));
    }

    /// New trunks send numbers as they did.
    fn formats(&mut self, plan: &Plan, probes: &[Probe]) {
        let Some(mobile) = probes.iter().find(|probe| probe.sort == Sort::Mobile) else { return };
        for name in self.imported.trunks.clone() {
            let rules = self.found.rules.iter().filter(|rule| rule.trunks.contains(&name));
            let sent =
                rules.flat_map(|rule| mobile.forms.iter().filter_map(|form| rule.sends("", &form.dialled))).next();
            let Some((_, mut sent)) = sent else { continue };
            let rewrites = self.found.rewrites.iter().filter(|(trunk, _)| *trunk == name);
            if let Some(changed) = rewrites.filter_map(|(_, pattern)| pattern.sends("", &sent)).next() {
                sent = changed;
            }
            let formats = [NumberFormat::National, NumberFormat::E164, NumberFormat::Plus];
            match formats.into_iter().find(|format| plan.format(&mobile.number, *format) == sent) {
                Some(format) => {
                    let trunk = self.imported.office.trunks.iter_mut().find(|trunk| trunk.name == name);
                    trunk.into_iter().for_each(|trunk| trunk.number_format = format);
                }
                None => self.note(
                    format!("Подключение «{name}»: вместо +{} отправляло {sent}, так здесь не умеем. Проверьте у него «Формат номера».", mobile.number),
                    format!("Trunk {name}: for +{} it sent {sent}, which can't be done here. Look at its number format.", mobile.number),
                ),
            }
        }
    }

    /// What rules had that rights do not say.
    fn tell_rules(&mut self, probes: &[Probe], plan: &Plan) {
        let found = self.found;
        let numbers = self.imported.extensions.clone();
        if found.rules.is_empty() {
            if !self.imported.trunks.is_empty() && !numbers.is_empty() {
                self.note(
                    "Правил исходящих в копии нет: звонить в город пока никому нельзя. Разрешите тем, кому нужно.".to_owned(),
                    "There are no rules for outgoing calls in the backup: nobody may call outside yet. Allow it where it is needed.".to_owned(),
                );
            }
            return;
        }
        self.note(
            "Кому куда можно звонить, взято из правил исходящих. Проверьте права у сотрудников.".to_owned(),
            "Who may call where comes from the rules for outgoing calls. Look at the permissions of the extensions."
                .to_owned(),
        );
        let mut from: Vec<&str> = numbers.iter().map(String::as_str).collect();
        from.push("");
        for rule in &found.rules {
            let forms = || probes.iter().flat_map(|probe| &probe.forms);
            let takes =
                |pattern: &Pattern, form: &Form| from.iter().any(|from| pattern.sends(from, &form.dialled).is_some());
            let taken: Vec<&Form> =
                rule.patterns.iter().filter_map(|pattern| forms().find(|form| takes(pattern, form))).collect();
            if taken.is_empty() {
                self.tell_odd(rule, plan, &from);
            }
            if let Some(Form { after, .. }) = taken.iter().find(|form| !form.after.is_empty()) {
                let name = &rule.name;
                self.note(
                    format!("Правило исходящих «{name}»: в город выходили через {after}. Здесь {after} не набирают."),
                    format!("Outgoing rule {name}: {after} was dialled for the city. Here {after} is not dialled."),
                );
            }
            self.tell_rule(rule, &from, probes);
        }
    }

    /// A rule for numbers that are none of a country.
    fn tell_odd(&mut self, rule: &Rule, plan: &Plan, from: &[&str]) {
        let (name, written) = (&rule.name, rule.written());
        let takes = |dialled: &str| from.iter().any(|from| rule.sends(from, dialled).is_some());
        if EMERGENCY.iter().any(|short| plan.is_emergency(short) && takes(short)) {
            return self.note(
                format!("Правило исходящих «{name}»: экстренные номера здесь набираются всегда, правило не нужно."),
                format!("Outgoing rule {name}: emergency numbers can always be dialled here, no rule is needed."),
            );
        }
        self.note(
            format!("Правило исходящих «{name}» ({written}) не переносится: таких номеров здесь не набирают."),
            format!("Outgoing rule {name} ({written}) does not come over: such numbers are not dialled here."),
        );
    }

    fn tell_rule(&mut self, rule: &Rule, from: &[&str], probes: &[Probe]) {
        let name = &rule.name;
        if rule.pin {
            self.note(
                format!("Правило исходящих «{name}» спрашивало PIN. Здесь вместо него права сотрудника: что открывало оно, закрыто."),
                format!("Outgoing rule {name} asked for a PIN. Here an extension's permissions stand in its place: what this rule opened is closed."),
            );
        }
        for trunk in rule.trunks.iter().filter(|trunk| self.imported.office.trunk(trunk).is_none()).collect::<Vec<_>>()
        {
            self.note(
                format!("Правило исходящих «{name}» вело через «{trunk}», которого здесь нет."),
                format!("Outgoing rule {name} led by {trunk}, which is not here."),
            );
        }
        let everything = probes.iter().filter(|probe| probe.sort == Sort::Abroad).any(|probe| {
            from.iter().any(|from| probe.taken(rule, from).is_some() && takes_all(rule, from, probe, probes))
        });
        if everything && !rule.pin {
            self.note(
                format!("Правило исходящих «{name}» пропускало любые номера, и за границу тоже. Само по себе оно международные звонки здесь не открывает: разрешите их тем, кому нужно."),
                format!("Outgoing rule {name} let every number pass, abroad too. By itself it does not open calls abroad here: allow them where they are needed."),
            );
        }
    }
}

/// Whether the pattern that takes this number takes numbers of another sort too.
fn takes_all(rule: &Rule, from: &str, probe: &Probe, probes: &[Probe]) -> bool {
    if probe.sort != Sort::Abroad {
        return false;
    }
    let mut taking = probe.forms.iter().filter_map(|form| rule.sends(from, &form.dialled)).map(|(pattern, _)| pattern);
    taking.all(|pattern| {
        let mut home = probes.iter().filter(|other| other.sort != Sort::Abroad);
        home.any(|other| other.forms.iter().any(|form| pattern.sends(from, &form.dialled).is_some()))
    })
}

/// One number of each kind in each form in which it is dialled.
fn probes(plan: &Plan) -> Vec<Probe> {
    let local = LOCAL.iter().filter_map(|digits| plan.to_e164(digits));
    let numbers = local.chain(NUMBERS.map(str::to_owned));
    numbers
        .filter_map(|number| {
            let sort = Sort::of(plan.classify(&number))?;
            Some(Probe { sort, forms: forms(plan, &number, sort), number })
        })
        .collect()
}

fn forms(plan: &Plan, number: &str, sort: Sort) -> Vec<Form> {
    let mut plain = vec![plan.redial(number)];
    let short = (5..=7).filter_map(|length| number.get(number.len().checked_sub(length)?..));
    plain.extend(short.filter(|short| plan.to_e164(short).as_deref() == Some(number)).map(str::to_owned));
    plain.push(number.to_owned());
    plain.extend((sort == Sort::Abroad).then(|| format!("00{number}")));
    let prefixed = PREFIXES.iter().flat_map(|after| {
        plain.iter().map(|form| Form { dialled: format!("{after}{form}"), after }).collect::<Vec<_>>()
    });
    let prefixed: Vec<Form> = prefixed.collect();
    plain.push(format!("+{number}"));
    plain.into_iter().map(|dialled| Form { dialled, after: "" }).chain(prefixed).collect()
}

/// Within the area, without its code.
const LOCAL: [&str; 3] = ["2345678", "234567", "23456"];
/// With the country's code: of two cities, of two carriers' mobiles, and of other countries.
const NUMBERS: [&str; 9] = [
    "74951234567",
    "78122345678",
    "73432345678",
    "79161234567",
    "79211234567",
    "375172345678",
    "493023456789",
    "12125551234",
    "8613800138000",
];
/// What people dial before a number for the city.
const PREFIXES: [&str; 2] = ["9", "0"];
/// Emergency numbers, of which a country has some.
const EMERGENCY: [&str; 6] = ["112", "101", "102", "103", "911", "999"];
