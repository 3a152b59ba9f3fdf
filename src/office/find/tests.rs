use super::*;
use crate::base::Rng;
use crate::office::generated;

#[test]
fn the_index_finds_what_a_walk_through_the_lists_finds() {
    for seed in 0..100 {
        let office = generated::office(&mut Rng::from_seed(seed));
        for extension in &office.extensions {
            assert_eq!(office.extension(&extension.number), Some(extension));
            for sip in extension.sip_devices() {
                assert_eq!(office.device_by_login(&sip.login), Some((extension, sip)));
                assert_eq!(office.device_by_login(&sip.login.to_uppercase()), None, "case counts");
            }
        }
        for group in &office.groups {
            assert_eq!(office.group(&group.number), Some(group));
        }
        for trunk in &office.trunks {
            assert!(trunk.all_numbers().all(|number| office.trunk_of(number) == Some(trunk)));
        }
        assert!(office.extension("999").is_none() && office.device_by_login("").is_none());
    }
}

#[test]
fn lists_that_grew_or_shrank_and_clones_are_found_anew() {
    let mut office = Office::first_start(&mut Rng::from_seed(1), "", false);
    assert!(office.extension("200").is_some());
    let first = office.extensions.remove(0);
    assert!(office.extension("200").is_none());
    assert!(office.extension("201").is_some());
    let mut office = office.clone();
    office.extensions.push(first);
    assert!(office.extension("200").is_some() && office.extension("202").is_some());
    let mut renamed = office.clone();
    renamed.extensions[0].number = "299".to_owned();
    assert!(renamed.extension("299").is_some() && renamed.extension("201").is_none());
    assert_eq!(renamed.extension("200").map(|e| e.number.as_str()), Some("200"));
}

#[test]
fn networks_are_read_as_blocks() {
    let network = |text: &str| text.parse::<Network>();
    assert_eq!(network("10.0.0.0/8").map(|n| n.to_string()).as_deref(), Ok("10.0.0.0/8"));
    assert_eq!(network("10.1.2.3").map(|n| n.prefix), Ok(32));
    assert_eq!(network("::/0").map(|n| n.contains(IpAddr::from([1, 2, 3, 4]))), Ok(false));
    assert_eq!(network("0.0.0.0/0"), Ok(Network::ANY));
    assert_eq!(network("10.0.0.1/8"), Err(NetworkError::HostBits));
    assert_eq!(network("10.0.0.0/+8"), Err(NetworkError::Prefix { longest: 32 }));
    assert_eq!(network("10.0.0/8"), Err(NetworkError::Address));
    let block = network("192.168.4.0/22").expect("a block");
    for (last, inside) in
        [([192, 168, 3, 255], false), ([192, 168, 4, 0], true), ([192, 168, 7, 255], true), ([192, 168, 8, 0], false)]
    {
        assert_eq!(block.contains(IpAddr::from(last)), inside, "{last:?}");
    }
}
