//! Outbound routes of FreePBX: in their order, with their patterns, trunks and PINs.

use super::super::dial::{Pattern, Rule};
use super::super::found::Found;
use super::super::{Row, Tables, plain};
use super::{caller_number, trunk_name};

pub(super) fn read(tables: &Tables, found: &mut Found) {
    let mut routes: Vec<&Row> = tables.rows("outbound_routes").iter().collect();
    routes.sort_by_key(|route| place(tables, route)); // stable
    for route in routes {
        let (id, name) = (route.get("route_id"), plain(route.get("name")));
        let patterns = tables.rows("outbound_route_patterns").iter().filter(|row| row.get("route_id") == id);
        let patterns: Vec<Pattern> = patterns.map(pattern).collect();
        let sets = tables.rows("pinset_usage").iter();
        let mut sets = sets.filter(|row| row.get("dispname") == "routing" && row.get("foreign_id") == id);
        let pin = !route.get("password").is_empty() || sets.next().is_some();
        tell(route, &name, found);
        found.rules.push(Rule {
            trunks: trunks(tables, route),
            name,
            patterns,
            pin,
            shows: caller_number(route.get("outcid")),
        });
    }
    for set in tables.rows("pinsets") {
        let name = set.get("description");
        found.note(
            format!("Набор PIN «{name}» не переносится: здесь вместо него права у сотрудников."),
            format!("PIN set {name} does not come over: extensions have permissions instead here."),
        );
    }
}

/// JSON has it in the row, dumps in a table of its own.
fn place(tables: &Tables, route: &Row) -> u32 {
    let id = route.get("route_id");
    let row = tables.find("outbound_route_sequence", "route_id", id).unwrap_or(route);
    row.number("seq", 0, u32::MAX, u32::MAX)
}

/// Names of its trunks in their order; likewise.
fn trunks(tables: &Tables, route: &Row) -> Vec<String> {
    let id = route.get("route_id");
    let mut rows: Vec<&Row> =
        tables.rows("outbound_route_trunks").iter().filter(|row| row.get("route_id") == id).collect();
    rows.sort_by_key(|row| row.number("seq", 0, u32::MAX, u32::MAX));
    let listed = route.get("trunks").split(',').map(str::trim).filter(|id| !id.is_empty());
    let ids = rows.into_iter().map(|row| row.get("trunk_id")).chain(listed);
    ids.filter_map(|id| tables.find("trunks", "trunkid", id)).map(trunk_name).collect()
}

/// A dial pattern of a route or a trunk.
pub(super) fn pattern(row: &Row) -> Pattern {
    let text = |column: &str| row.get(column).to_owned();
    Pattern::Asterisk {
        from: text("match_cid"),
        prefix: text("match_pattern_prefix"),
        pass: text("match_pattern_pass"),
        prepend: text("prepend_digits"),
    }
}

fn tell(route: &Row, name: &str, found: &mut Found) {
    if !matches!(route.get("time_group_id"), "" | "0") || !matches!(route.get("calendar_id"), "" | "0") {
        found.note(
            format!("Правило исходящих «{name}» действовало по часам. Здесь запретные часы — одни на всех, в ограничениях."),
            format!("Outbound route {name} was for some hours only. Quiet hours are of the whole office here, in its limits."),
        );
    }
    if !route.get("dest").is_empty() {
        found.note(
            format!("Правило исходящих «{name}»: куда идти, если линии заняты, не переносится."),
            format!("Outbound route {name}: where to go when trunks are busy does not come over."),
        );
    }
}
