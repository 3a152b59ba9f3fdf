//! Whether an office's own templates can make files, before any telephone asks: each is tried on telephones of every shape.

use super::Mac;
use super::template::{Kind, Template, TemplateError, Templates};
use super::view::{Site, Subject};
use crate::base::WallTime;
use crate::office::file::{Finding, FindingAt};
use crate::office::{Device, Extension, Office, Phone, SipDevice, Srtp};

/// What is wrong with the templates of an office, for the reader of its file.
pub fn findings(office: &Office) -> Vec<Finding> {
    let (templates, mistakes) = Templates::of(office);
    let mut wrong = mistakes;
    for own in &office.phone_templates {
        if wrong.iter().any(|(name, _)| *name == own.name) {
            continue;
        }
        if let Some(Err(error)) = templates.named(&own.name).map(|template| try_out(template)) {
            wrong.push((own.name.clone(), error));
        }
    }
    let finding = |(name, error): (String, TemplateError)| Finding {
        what: format!("phone template {name}: {error}"),
        at: FindingAt::PhoneTemplate(name),
        is_error: true,
    };
    wrong.into_iter().map(finding).collect()
}

/// Reads a template and tries it out.
///
/// # Errors
/// The first mistake, with its line.
pub fn check(text: &str) -> Result<Template, TemplateError> {
    let template = Template::read("", text)?;
    try_out(&template)?;
    Ok(template)
}

/// Makes all files for a telephone with nothing, and for one with everything.
fn try_out(template: &Template) -> Result<(), TemplateError> {
    let mac = Mac([0x02, 0, 0, 0, 0, 1]);
    let site = Site {
        host: "192.0.2.1".to_owned(),
        sip_udp: 5060,
        sip_tcp: 5060,
        sip_tls: Some(5061),
        ldap: 3890,
        http: "http://192.0.2.1".to_owned(),
        https: "https://192.0.2.1".to_owned(),
        secret: "secret".to_owned(),
        ntp: "192.0.2.1".to_owned(),
        version: 1,
        at: WallTime(0),
    };
    let mut bare = Office::default();
    bare.phones.push(Phone::new(mac.to_string()));
    let mut full = bare.clone();
    full.extensions = ["201", "202"].map(|number| extension(number, mac)).to_vec();
    if let Some(phone) = full.phones.first_mut() {
        phone.lamps = vec!["201".to_owned(), "202".to_owned()];
        phone.firmware = "firmware.bin".to_owned();
        phone.admin_password = "password".to_owned();
    }
    for (office, key) in [(&bare, None), (&full, Some("key"))] {
        for file in &template.files {
            let mac = (file.kind == Kind::Phone || key.is_some()).then_some(mac);
            template
                .render(file, &Subject { office, site: &site, mac, key, model: "", masked: false, secure: true })?;
        }
    }
    Ok(())
}

fn extension(number: &str, mac: Mac) -> Extension {
    let device = SipDevice {
        allow_from: Vec::new(),
        mac: mac.to_string(),
        srtp: Srtp::Required,
        ..SipDevice::new(&format!("user{number}"), "password")
    };
    Extension {
        employee: "Name".to_owned(),
        voicemail: true,
        devices: vec![Device::Sip(device)],
        ..Extension::new(number)
    }
}
