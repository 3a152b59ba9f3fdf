//! A softphone is set up by nothing but the text of its QR code.

use std::time::Duration;

use crate::exchange::Exchange;
use crate::linphone::Softphone;
use crate::process::wait_for;

const OFFICE: &str = "\
[[extension]]\nnumber = \"301\"\nemployee = \"Ёлкин «Пётр» & <Ко>\"\n\
[[extension.device]]\nkind = \"sip\"\nlogin = \"user301s0\"\npassword = \"a-long-password-301\"\nmac = \"02:00:00:00:03:01\"\n\
[[phone]]\nmac = \"02:00:00:00:03:01\"\ntemplate = \"linphone\"\n";

#[test]
fn linphone_registers_by_the_text_of_its_code() {
    let exchange = Exchange::start("scanned", OFFICE);
    let address = exchange.get("/api/v1/phones/02:00:00:00:03:01/address");
    let _phone = Softphone::scan(address["url"].as_str().unwrap());
    wait_for("linphone registered by its code", Duration::from_secs(60), || exchange.is_registered("user301s0"));
    let carries = exchange.get("/api/v1/phones/02:00:00:00:03:01");
    assert_eq!(carries["given"]["current"], true, "{carries}");
}
