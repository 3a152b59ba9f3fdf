use super::*;

const EXAMPLE: &str = include_str!("../../../config/office.example.toml");

fn read_onto(text: &str, current: &Office) -> Result<Reading, Vec<Problem>> {
    let context = Context { rng: &mut Rng::from_seed(1), exists: &|_| true, check_desk: |_| Vec::new() };
    read(text, current, context)
}

fn read_new(text: &str) -> Result<Reading, Vec<Problem>> {
    read_onto(text, &Office::default())
}

#[test]
fn the_example_reads_without_errors() {
    let reading = read_new(EXAMPLE).expect("the example is valid");
    println!("{:#?}", reading.warnings);
    println!("{}", write(&reading.office, true));
}
