//! What telephones have been seen to say.

use super::*;

#[test]
fn the_table_can_be_read_and_each_vendor_has_a_template() {
    let table: Table = toml::from_str(include_str!("../../../config/phones/vendors.toml")).unwrap();
    assert_eq!(table.vendor.len(), all().len());
    for vendor in all() {
        assert!(crate::office::BUILT_IN_TEMPLATES.contains(&vendor.template.as_str()), "{}", vendor.name);
        for prefix in &vendor.prefixes {
            let bytes: Vec<u8> = prefix.split(':').map(|pair| u8::from_str_radix(pair, 16).unwrap()).collect();
            assert_eq!((bytes.len(), prefix.to_ascii_lowercase()), (3, prefix.clone()), "{}", vendor.name);
        }
    }
    assert!(all().len() > 8);
}

#[test]
fn user_agents_say_vendor_model_firmware_and_mac() {
    let samples: &[(&str, &str, &str, &str, &str)] = &[
        ("Yealink SIP-T46G 28.72.0.1 00:15:65:12:34:56", "yealink", "SIP-T46G", "28.72.0.1", "00:15:65:12:34:56"),
        (
            "Yealink SIP VP-T49G 51.80.0.10 00:15:65:9b:5a:44",
            "yealink",
            "SIP VP-T49G",
            "51.80.0.10",
            "00:15:65:9b:5a:44",
        ),
        ("Yealink CP860 37.72.0.5 00:15:65:8a:37:86", "yealink", "CP860", "37.72.0.5", "00:15:65:8a:37:86"),
        ("Yealink SIP-T31G 124.85.257.55", "yealink", "SIP-T31G", "124.85.257.55", ""),
        ("Yealink W60B 77.83.0.85", "yealink", "W60B", "77.83.0.85", ""),
        (
            "Grandstream Model HW GRP2614 SW 1.0.5.15 DevId c074ad0b63ee",
            "grandstream",
            "GRP2614",
            "1.0.5.15",
            "c0:74:ad:0b:63:ee",
        ),
        (
            "Grandstream Model HW GXV3240 V1.6B SW 1.0.1.27 DevId 000b82632815",
            "grandstream",
            "GXV3240",
            "1.0.1.27",
            "00:0b:82:63:28:15",
        ),
        (
            "Grandstream GXP2000 (gxp2000e.bin:1.2.5.3/boot55e.bin:1.1.6.9) DevId 000b822726c8",
            "grandstream",
            "GXP2000",
            "",
            "00:0b:82:27:26:c8",
        ),
        ("Grandstream GXP2135 1.0.11.16", "grandstream", "GXP2135", "1.0.11.16", ""),
        ("Fanvil X4 2.10.2.6887 0c383e07e16c", "fanvil", "X4", "2.10.2.6887", "0c:38:3e:07:e1:6c"),
        ("Fanvil X6U Pro 0.0.10 0c383e2cd782", "fanvil", "X6U Pro", "0.0.10", "0c:38:3e:2c:d7:82"),
        (
            "Mozilla/4.0 (compatible; snom710-SIP 8.7.5.35 1.1.5-IFX-05.01.12 000413741767)",
            "snom",
            "710",
            "8.7.5.35",
            "00:04:13:74:17:67",
        ),
        ("Mozilla/4.0 (compatible; snom320-SIP 7.3.30 1.1.3-u)", "snom", "320", "7.3.30", ""),
        (
            "Mozilla/4.0 (compatible; Snom M900 05.20.0001 000413b60680)",
            "snom",
            "M900",
            "05.20.0001",
            "00:04:13:b6:06:80",
        ),
        ("snomD785/10.1.46.16", "snom", "D785", "10.1.46.16", ""),
        ("FileTransport PolycomVVX-VVX_400-UA/4.1.4.7430 Type/Application", "polycom", "VVX_400", "4.1.4.7430", ""),
        (
            "FileTransport PolycomVVX-VVX_401-UA/5.9.6.2327 (SN:0004f2aabbcc) Type/Application",
            "polycom",
            "VVX_401",
            "5.9.6.2327",
            "00:04:f2:aa:bb:cc",
        ),
        ("PolycomVVX-VVX_411-UA/6.3.1.8427", "polycom", "VVX_411", "6.3.1.8427", ""),
        ("Cisco/SPA508G-7.4.8a (0002FDFF2103)(CBT141400UK)", "cisco-spa", "SPA508G", "7.4.8a", "00:02:fd:ff:21:03"),
        ("Cisco/SPA525G-7.4.7 (CBT141900G7)", "cisco-spa", "SPA525G", "7.4.7", ""),
        ("Cisco SPA501G", "cisco-spa", "SPA501G", "", ""),
        ("Cisco-CP-7832-3PCC/11.0.1 (00562b043615)", "cisco-mpp", "CP-7832", "11.0.1", "00:56:2b:04:36:15"),
        ("Cisco-CP7965G/9.4.2", "cisco", "7965G", "9.4.2", ""),
        ("Cisco/ATA191-MPP-11-1-0-MSR4 (FCH2443D9R4)", "cisco-mpp", "ATA191", "11-1-0-MSR4", ""),
        ("Htek UC903 2.0.4.2 00:1f:c1:1c:22:a9", "htek", "UC903", "2.0.4.2", "00:1f:c1:1c:22:a9"),
        (
            "Gigaset N870 IP PRO/83.V2.11.0+build.a546b91;7C2F80E0D605",
            "gigaset",
            "N870 IP PRO",
            "83.V2.11.0+build.a546b91",
            "7c:2f:80:e0:d6:05",
        ),
        ("Gigaset N720 DM PRO/70.108.00.000.000", "gigaset", "N720 DM PRO", "70.108.00.000.000", ""),
        ("Panasonic_KX-UT113/01.133 (0080f0c8c381)", "panasonic", "KX-UT113", "01.133", "00:80:f0:c8:c3:81"),
        ("LinphoneAndroid/5.2.3 (Pixel) LinphoneSDK/5.3", "linphone", "", "5.2.3", ""),
        ("Mozilla/5.0 (X11; Linux x86_64) Firefox/120.0", "", "", "", ""),
        ("", "", "", "", ""),
    ];
    for (agent, vendor, model, firmware, mac) in samples {
        let found = of_user_agent(agent);
        let mac_found = found.mac.map(|mac| mac.to_string()).unwrap_or_default();
        let said = (found.vendor.as_str(), found.model.as_str(), found.firmware.as_str(), mac_found.as_str());
        assert_eq!(said, (*vendor, *model, *firmware, *mac), "{agent}");
    }
}

#[test]
fn plug_and_play_says_who_asks() {
    let event = "ua-profile;profile-type=\"device\";vendor=\"Yealink\";model=\"SIP-T46S\";version=\"66.86.0.15\"";
    let found = of_profile_event(event, "MAC805ec0123456");
    assert_eq!((found.vendor.as_str(), found.model.as_str()), ("yealink", "SIP-T46S"));
    assert_eq!((found.firmware.as_str(), found.mac), ("66.86.0.15", Mac::read("805ec0123456")));
    let snom = of_profile_event("ua-profile;vendor=\"snom\";model=\"snomD785\"", "MAC%3a00041312AB34");
    assert_eq!((snom.vendor.as_str(), snom.mac), ("snom", Mac::read("00041312ab34")));
    assert_eq!(of_profile_event("ua-profile", "MAC:0004F2aabbcc").mac, Mac::read("0004f2aabbcc"));
    let odd = of_profile_event("ua-profile;vendor;=;vendor=\"Nobody\"", "ФФФ");
    assert_eq!(odd, Identity::default());
}

#[test]
fn a_prefix_says_the_vendor_and_an_unknown_one_nothing() {
    assert_eq!(of_mac(Mac::read("00:0b:82:00:00:01").unwrap()).vendor, "grandstream");
    assert_eq!(of_mac(Mac::read("02:00:00:00:00:01").unwrap()).vendor, "");
}

#[test]
fn what_one_way_does_not_say_another_may() {
    let mac = Mac::read("80:5e:c0:12:34:56").unwrap();
    let found = of_user_agent("Yealink SIP-T31G 124.85.257.55").or(of_mac(mac));
    assert_eq!((found.vendor.as_str(), found.model.as_str(), found.mac), ("yealink", "SIP-T31G", Some(mac)));
}

proptest::proptest! {
    #[test]
    fn no_text_makes_it_stumble(agent in "\\PC{0,200}", user in "\\PC{0,40}") {
        of_user_agent(&agent);
        of_user_agent(&format!("Yealink {agent}"));
        of_user_agent(&format!("Mozilla/4.0 (compatible; snom{agent}"));
        of_profile_event(&agent, &user);
        of_profile_event(&agent, &format!("mac{user}"));
    }
}

#[test]
fn a_class_of_dhcp_says_who_it_is() {
    for (class, vendor, model) in [
        ("yealink", "yealink", ""),
        ("Grandstream GXP2135 dslforum.org", "grandstream", "GXP2135"),
        ("Fanvil X4U", "fanvil", "X4U"),
        ("snomD785", "snom", "D785"),
        ("snom-320", "snom", "320"),
        ("Cisco SPA504G", "cisco-spa", "504G"),
        ("Cisco Systems, Inc. IP Phone CP-8841-3PCC", "cisco-mpp", "8841"),
        ("Cisco Systems, Inc. IP Phone CP-7965G", "cisco", "7965G"),
        ("Polycom-VVX411", "polycom", "VVX411"),
        ("Htek UC924", "htek", "UC924"),
        ("Gigaset N870", "gigaset", "N870"),
        ("Cisco Systems, Inc. IP Phone CP-7962G", "cisco", "7962G"),
        ("MSFT 5.0", "", ""),
        ("android-dhcp-14", "", ""),
        ("", "", ""),
    ] {
        let identity = of_class(class);
        assert_eq!((identity.vendor.as_str(), identity.model.as_str()), (vendor, model), "{class}");
    }
}
